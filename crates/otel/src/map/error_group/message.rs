//! Messages without what varies between occurrences of an error.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What is replaced by what, in order.
const RULES: &[(&str, &str)] = &[
    // URLs, before their parts look like anything else
    (r"(?i)\b[a-z][a-z0-9+.-]*://[^\s'\x22`<>)\]]+", "<url>"),
    // Quoted text; an apostrophe inside a word is no quote
    (
        r"\x22[^\x22]*\x22|`[^`]*`|“[^”]*”|«[^»]*»|(?:\B|^)'[^']*'(?:\B|$)",
        "<text>",
    ),
    // UUIDs
    (
        r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "<id>",
    ),
    // Pointers and hashes
    (
        r"(?i)\b0x[0-9a-f]+\b|\b[0-9a-f]*[0-9][0-9a-f]{7,}\b|\b[0-9a-f]{7,}[0-9][0-9a-f]*\b",
        "<id>",
    ),
    // Ids that mix letters and digits: order_8f3k2, A1B2C3
    (r"\b[A-Za-z_]*[0-9]+[A-Za-z_]+[0-9]+\w*\b", "<id>"),
    // Numbers, also with a sign, a fraction or a unit
    (r"[-+]?\b?[0-9]+(?:[.,:][0-9]+)*", "<number>"),
];

/// The message with what varies replaced.
pub(super) fn clean(message: &str) -> Cow<'_, str> {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        RULES
            .iter()
            .map(|(pattern, by)| (Regex::new(pattern).expect("the rules are tested"), *by))
            .collect()
    });
    let mut cleaned = Cow::Borrowed(message);
    for (pattern, by) in PATTERNS.iter() {
        if let Cow::Owned(replaced) = pattern.replace_all(&cleaned, *by) {
            cleaned = Cow::Owned(replaced);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_varies_is_replaced() {
        for (message, cleaned) in [
            ("out of stock", "out of stock"),
            ("order 4711 not found", "order <number> not found"),
            ("timeout after 30.5s", "timeout after <number>s"),
            (
                "can't read property 'name' of undefined",
                "can't read property <text> of undefined",
            ),
            (
                "Unexpected token \"<\" at 1:17",
                "Unexpected token <text> at <number>",
            ),
            (
                "GET https://api.shop.example/v1/cart?id=7 failed with 503",
                "GET <url> failed with <number>",
            ),
            (
                "user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone",
                "user <id> is gone",
            ),
            ("segfault at 0x7ffdeadbeef", "segfault at <id>"),
            ("commit 3911db2a77 missing", "commit <id> missing"),
            ("größe 12 überschritten", "größe <number> überschritten"),
        ] {
            assert_eq!(clean(message), cleaned, "{message}");
        }
    }
}
