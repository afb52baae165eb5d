//! The one form of `KILL QUERY` that is served.

/// A `KILL QUERY` by which a user stops own statements whose ids have a prefix.
///
/// ```text
/// KILL QUERY WHERE startsWith(query_id, 'a-') AND NOT startsWith(query_id, 'a-b-') SYNC
/// ```
/// The engine assigns its own ids to queries, so this statement is handled before it reaches the engine. Every other
/// `KILL` goes to the gate, which refuses it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kill<'a> {
    prefix: &'a str,
    except: Option<&'a str>,
}

impl<'a> Kill<'a> {
    /// Parses a statement. Returns `None` for every other form.
    pub fn read(sql: &'a str) -> Option<Self> {
        let rest = sql.trim().strip_prefix("KILL QUERY WHERE ")?;
        let (prefix, rest) = prefix_of(rest)?;
        let (except, rest) = match rest.strip_prefix(" AND NOT ") {
            Some(rest) => {
                let (except, rest) = prefix_of(rest)?;
                (Some(except), rest)
            }
            None => (None, rest),
        };
        (rest == " SYNC").then_some(Self { prefix, except })
    }

    /// Returns true if the statement with this id is to be stopped.
    pub fn matches(&self, query_id: &str) -> bool {
        query_id.starts_with(self.prefix) && !self.except.is_some_and(|except| query_id.starts_with(except))
    }
}

/// Parses `startsWith(query_id, '…')` and returns the prefix and the rest. A prefix is not empty and has only letters,
/// digits, `-` and `_`.
fn prefix_of(sql: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = sql.strip_prefix("startsWith(query_id, '")?.split_once("')")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!prefix.is_empty() && prefix.bytes().all(is_plain)).then_some((prefix, rest))
}

#[cfg(test)]
mod tests {
    use super::Kill;

    #[test]
    fn one_form_is_read() {
        let sql = "KILL QUERY WHERE startsWith(query_id, 'a-') AND NOT startsWith(query_id, 'a-b-') SYNC";
        let kill = Kill::read(sql).expect("the form");
        assert!(kill.matches("a-c-1") && !kill.matches("a-b-1") && !kill.matches("b"));
        let kill = Kill::read("KILL QUERY WHERE startsWith(query_id, 'a') SYNC").expect("the form");
        assert!(kill.matches("a") && !kill.matches(""));
        for other in [
            "KILL QUERY WHERE startsWith(query_id, '') SYNC",
            "KILL QUERY WHERE startsWith(query_id, 'a\\'b') SYNC",
            "KILL QUERY WHERE startsWith(query_id, 'a') ASYNC",
            "KILL QUERY WHERE 1 SYNC",
            "KILL QUERY WHERE startsWith(query_id, 'a') OR startsWith(query_id, 'b') SYNC",
            "SELECT 1",
        ] {
            assert_eq!(Kill::read(other), None, "{other}");
        }
    }
}
