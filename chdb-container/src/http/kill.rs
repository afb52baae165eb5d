/// The one `KILL QUERY` that is served: a user stops statements of its own by the beginning of their ids.
///
/// ```text
/// KILL QUERY WHERE startsWith(query_id, 'a-') AND NOT startsWith(query_id, 'a-b-') SYNC
/// ```
/// The engine gives queries ids of its own, so that this is answered in front of it. Every other `KILL` goes to the gate, which
/// refuses it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kill<'a> {
    prefix: &'a str,
    except: Option<&'a str>,
}

impl<'a> Kill<'a> {
    /// Reads a statement; none if it has any other form.
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

    /// Returns true if it stops the statement with that id.
    pub fn chooses(&self, query_id: &str) -> bool {
        query_id.starts_with(self.prefix) && !self.except.is_some_and(|except| query_id.starts_with(except))
    }
}

/// Reads `startsWith(query_id, '…')`. A prefix is not empty and has nothing to escape.
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
        assert!(kill.chooses("a-c-1") && !kill.chooses("a-b-1") && !kill.chooses("b"));
        let kill = Kill::read("KILL QUERY WHERE startsWith(query_id, 'a') SYNC").expect("the form");
        assert!(kill.chooses("a") && !kill.chooses(""));
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
