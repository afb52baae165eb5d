//! The statement of the SQL page: its state in the address, and its typed placeholders.

use crate::view::View;

/// The parameter of the address with the statement.
pub const SQL: &str = "q";

/// The prefix of a placeholder's name in the address. ClickHouse's HTTP interface has the same.
pub const PARAM: &str = "param_";

/// The most placeholders that get a field.
const MOST: usize = 100;

/// A typed placeholder such as `{user:String}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The name.
    pub name: String,
    /// The ClickHouse type.
    pub data_type: String,
}

/// Returns the placeholders of a statement in their order, each name once. Strings, quoted names and comments have none.
///
/// The engine parses the statement; this finds what the page asks the viewer for.
pub fn placeholders(sql: &str) -> Vec<Placeholder> {
    let mut found: Vec<Placeholder> = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '\'' | '"' | '`' => rest = after_quote(rest, first),
            '-' if rest.starts_with('-') => rest = after(rest, "\n"),
            '/' if rest.starts_with('*') => rest = after(&rest[1..], "*/"),
            '{' => {
                let Some((inside, _)) = rest.split_once('}') else {
                    break;
                };
                if let Some(placeholder) = placeholder(inside)
                    && found.len() < MOST
                    && found.iter().all(|known| known.name != placeholder.name)
                {
                    found.push(placeholder);
                }
            }
            _ => {}
        }
    }
    found
}

fn placeholder(inside: &str) -> Option<Placeholder> {
    let (name, data_type) = inside.split_once(':')?;
    let (name, data_type) = (name.trim(), data_type.trim());
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !name.is_empty() && !data_type.is_empty() && !data_type.contains('{')).then(|| Placeholder {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
    })
}

/// Returns what follows a quoted text. A doubled quote begins the next quoted text, which comes to the same.
fn after_quote(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// Returns the names and values of a statement's placeholders, as the address has them. A missing one is an empty text.
pub fn params(view: &View) -> Vec<(String, String)> {
    placeholders(view.param(SQL))
        .into_iter()
        .map(|Placeholder { name, .. }| {
            let value = view.param(&format!("{PARAM}{name}")).to_owned();
            (name, value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_outside_of_quotes_and_comments() {
        let sql = "SELECT {a:String}, '{b:String} \\' {b:String}', `{c:Int8}` -- {d:Int8}\n, /* {e:Int8} */ { f : Array(Map(String, UInt8)) }, \
            {a:String}, map('x', 1), {1g:Int8}, {h}, {i:}, \"it''s {j:Int8}\", {k:DateTime64(6)";
        let found: Vec<_> = placeholders(sql)
            .into_iter()
            .map(|found| (found.name, found.data_type))
            .collect();
        let expected = [("a", "String"), ("f", "Array(Map(String, UInt8))")];
        assert_eq!(
            found,
            expected.map(|(name, data_type)| (name.into(), data_type.into()))
        );
    }

    #[test]
    fn their_number_is_bounded() {
        let sql: String = (0..1_000).map(|at| format!("{{p{at}:Int8}}")).collect();
        assert_eq!(placeholders(&sql).len(), MOST);
        assert_eq!(placeholders(&"{".repeat(100_000)), []);
        assert_eq!(placeholders("'\u{fe0f}"), []);
    }

    #[test]
    fn a_missing_value_is_an_empty_text() {
        let query = [
            ("q", "SELECT {a:String}, {b:UInt8}"),
            ("param_b", "7"),
            ("param_c", "8"),
        ];
        let pairs = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let params = params(&View::from_query(&pairs.into_iter().collect()));
        assert_eq!(
            params,
            [("a".to_owned(), String::new()), ("b".to_owned(), "7".to_owned())]
        );
    }
}
