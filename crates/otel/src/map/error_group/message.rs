//! Replaces the parts of a message that vary between occurrences of an error.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::{codes, replace};

/// The rules that are applied before codes are recognised, in order: pattern and replacement.
const TEXTS: &[(&str, &str)] = &[
    // URLs come first, because their parts match other rules
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
];

/// The rules that are applied after codes are hidden, in order.
const NUMBERS: &[(&str, &str)] = &[
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

/// Returns the message with placeholders for the parts that vary. Numbers that identify the error, see [`codes`], stay.
pub(super) fn clean(message: &str) -> Cow<'_, str> {
    static TEXT_PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| compiled(TEXTS));
    static NUMBER_PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| compiled(NUMBERS));
    let message = replace_all(Cow::Borrowed(message), &TEXT_PATTERNS);
    codes::reveal(replace_all(codes::hide(message), &NUMBER_PATTERNS))
}

fn compiled(rules: &'static [(&str, &str)]) -> Vec<(Regex, &'static str)> {
    rules
        .iter()
        .map(|(pattern, by)| (Regex::new(pattern).expect("the rules are tested"), *by))
        .collect()
}

fn replace_all<'a>(message: Cow<'a, str>, rules: &[(Regex, &str)]) -> Cow<'a, str> {
    rules
        .iter()
        .fold(message, |message, (pattern, by)| replace(message, pattern, *by))
}
