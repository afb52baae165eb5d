//! A text with an optional `*` at either end, and the comparison with a value.

/// A text to find, with an optional `*` at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The text between the stars.
    pub text: String,
    /// True if a `*` precedes the text: anything may stand before it.
    pub open_start: bool,
    /// True if a `*` follows the text: anything may stand after it.
    pub open_end: bool,
}

/// Returns true if a character is part of a word: a letter or digit of ASCII, or any character beyond ASCII.
///
/// This is the rule of ClickHouse's `hasToken`.
pub const fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || !letter.is_ascii()
}

impl Pattern {
    /// Returns the pattern of a text without stars.
    pub fn exact(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            open_start: false,
            open_end: false,
        }
    }

    /// Returns true if the text may only begin where a word does.
    pub fn begins_a_word(&self) -> bool {
        !self.open_start && self.text.starts_with(is_word)
    }

    /// Returns true if the text may only end where a word does.
    pub fn ends_a_word(&self) -> bool {
        !self.open_end && self.text.ends_with(is_word)
    }

    /// Returns true if a value contains the text, whatever its case, and words end where the pattern demands it.
    pub fn is_in(&self, value: &str) -> bool {
        let value: Vec<char> = value.chars().collect();
        let text: Vec<char> = self.text.chars().collect();
        let fits = |at: usize| {
            let Some(found) = value.get(at..at + text.len()) else {
                return false;
            };
            let before = at.checked_sub(1).and_then(|at| value.get(at));
            let after = value.get(at + text.len());
            found
                .iter()
                .zip(&text)
                .all(|(found, wanted)| cases(*wanted).contains(found))
                && !(self.begins_a_word() && before.is_some_and(|letter| is_word(*letter)))
                && !(self.ends_a_word() && after.is_some_and(|letter| is_word(*letter)))
        };
        (0..=value.len()).any(fits)
    }

    /// Returns true if a value is the text as a whole, or begins, ends or goes on where the pattern has a star.
    pub fn is_all_of(&self, value: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => value == self.text,
            (false, true) => value.starts_with(&self.text),
            (true, false) => value.ends_with(&self.text),
            (true, true) => value.contains(&self.text),
        }
    }
}

/// Returns a character in lower case, in upper case and as it is. A character whose other case has several characters,
/// such as ß, has only one case here.
pub fn cases(letter: char) -> [char; 3] {
    [
        one(letter.to_lowercase(), letter),
        one(letter.to_uppercase(), letter),
        letter,
    ]
}

fn one(mut cased: impl Iterator<Item = char>, letter: char) -> char {
    match (cased.next(), cased.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, value: &str) -> bool {
        let open_start = text.starts_with('*');
        let open_end = text.len() > 1 && text.ends_with('*');
        let text = text.trim_matches('*').to_owned();
        Pattern {
            text,
            open_start,
            open_end,
        }
        .is_in(value)
    }

    #[test]
    fn words_end_where_words_end() {
        for (text, value) in [
            ("timeout", "Timeout: 3 s"),
            ("TIMEOUT", "a_timeout"),
            ("timeout*", "timeouts"),
            ("*out", "a timeout!"),
            ("*meo*", "timeouts"),
            ("connection refused", "no: connection refused."),
            ("(x)", "f(x)y"),
            ("über", "ÜBER alles"),
            ("ÜBER", "über"),
            ("user-42", "user-42 left"),
        ] {
            assert!(found(text, value), "{text} in {value}");
        }
        for (text, value) in [
            ("timeout", "timeouts"),
            ("timeout", "xtimeout"),
            ("out*", "timeout"),
            ("über", "überall"),
            ("user-4", "user-42"),
            ("strasse", "straße"),
            ("a", ""),
        ] {
            assert!(!found(text, value), "{text} in {value}");
        }
    }
}
