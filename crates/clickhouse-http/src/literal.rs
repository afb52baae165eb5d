//! Quoting of texts and names in SQL. Values of callers travel as parameters; these functions are for the project's own
//! statements.

/// Returns a text as a string literal: `it's` becomes `'it\'s'`.
pub fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_literal(text, &mut quoted);
    quoted
}

/// Returns a name as a quoted identifier, in backticks.
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// Appends a text as a string literal.
pub(crate) fn push_literal(text: &str, out: &mut String) {
    out.push('\'');
    push_escaped(text, out);
    out.push('\'');
}

/// Appends a text with its special characters escaped by backslashes.
pub(crate) fn push_escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\'' => out.push_str("\\'"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{identifier, literal};

    #[test]
    fn nothing_ends_its_quotes() {
        assert_eq!(literal("it's\\\n"), r"'it\'s\\\n'");
        assert_eq!(identifier("a`b\\"), r"`a\`b\\`");
    }
}
