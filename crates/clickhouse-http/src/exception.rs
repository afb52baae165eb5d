//! Exceptions of ClickHouse, and their text.

use std::fmt;

/// An exception of an engine, as in `Code: 60. DB::Exception: Unknown table … (UNKNOWN_TABLE)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The error code, as in `system.errors`.
    pub code: u32,
    /// The error's name, such as `UNKNOWN_TABLE`; empty if the engine left the name out.
    pub name: String,
    /// The message without code, name and version.
    pub message: String,
}

const CODE: &str = "Code: ";
const MARK: &str = ". DB::Exception: ";

impl Exception {
    /// Creates an exception that no engine has thrown.
    pub fn new(code: u32, name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            name: name.into(),
            message: message.into(),
        }
    }

    /// Creates an exception with a code of [`code`](crate::code), which gives the name.
    pub fn of(code: u32, message: impl Into<String>) -> Self {
        Self::new(code, crate::code::name(code), message)
    }

    /// Parses the last exception in a text. The text may be a whole body, or the end of a body that broke off.
    pub fn find(text: &str) -> Option<Self> {
        let mark = text.rfind(MARK)?;
        let start = text.get(..mark)?.rfind(CODE)? + CODE.len();
        let code = text.get(start..mark)?.trim().parse().ok()?;
        let rest = text.get(mark + MARK.len()..)?;
        let (message, name) = split_name(without_frame(rest));
        let name = if name.is_empty() { name_at_end(rest) } else { name };
        Some(Self {
            code,
            name: name.into(),
            message: message.into(),
        })
    }
}

/// Removes everything behind a message: the version, a stack trace, and the frame around an exception in the middle of
/// a body (`<length> <tag>\r\n__exception__`, ClickHouse 25.11 and later).
fn without_frame(text: &str) -> &str {
    let mut text = text;
    for end in [
        "__exception__",
        ": While executing",
        " Stack trace:",
        " (version ",
    ] {
        if let Some((before, _)) = text.split_once(end) {
            text = before;
        }
    }
    // In JSON the message is a quoted string. The frame puts a length and a tag on a separate line.
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(['"', '}', '\r'])
        .trim_end()
}

/// Returns the name if other text separates it from the message: `message: While executing Format. (NAME) (version …)`.
fn name_at_end(text: &str) -> &str {
    let end = text.split(" (version ").next().unwrap_or_default();
    split_name(end.trim_end()).1
}

/// Splits `message (NAME)` into message and name; the name is empty if there is none.
fn split_name(text: &str) -> (&str, &str) {
    text.strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("))
        .filter(|(_, name)| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
        .map_or((text, ""), |(message, name)| (message, name))
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CODE}{}{MARK}{}", self.code, self.message)?;
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.name)
        }
    }
}

impl std::error::Error for Exception {}

#[cfg(test)]
mod tests {
    use super::Exception;

    #[test]
    fn a_name_behind_where_it_happened() {
        let text = "Code: 117. DB::Exception: Expected end of line: (at row 1)\n: While executing CSVRowInputFormat. \
                    (INCORRECT_DATA) (version 26.7.2.1)";
        let exception = Exception::find(text).expect("found");
        assert_eq!(exception.name, "INCORRECT_DATA");
        assert_eq!(exception.message, "Expected end of line: (at row 1)");
    }

    #[test]
    fn a_body_of_its_own() {
        let text = "Code: 60. DB::Exception: Unknown table expression identifier 'otel.nope' in scope SELECT * FROM \
                    otel.nope. (UNKNOWN_TABLE) (version 26.7.3.1)\n";
        let exception = Exception::find(text).expect("found");
        assert_eq!((exception.code, exception.name.as_str()), (60, "UNKNOWN_TABLE"));
        assert!(
            exception.message.ends_with("SELECT * FROM otel.nope."),
            "{}",
            exception.message
        );
        assert_eq!(
            Exception::find(&exception.to_string()),
            Some(exception),
            "what is written is read back"
        );
    }

    #[test]
    fn in_the_middle_of_a_body() {
        for text in [
            "{\"meta\":[],\"data\":[[1],Code: 395. DB::Exception: boom: while executing 'FUNCTION throwIf(x)'. \
             (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 25.3)",
            "[1]\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 395. DB::Exception: boom: while executing 'FUNCTION \
             throwIf(x)'. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)\r\n142 abcdefghijklmnop\r\n__exception__\r\n",
            "{\"data\":[],\"exception\":\"Code: 395. DB::Exception: boom: while executing 'FUNCTION throwIf(x)'. \
             (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 25.3)\"}",
        ] {
            let exception = Exception::find(text).expect(text);
            assert_eq!(exception.code, 395);
            assert_eq!(exception.name, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
            assert_eq!(exception.message, "boom: while executing 'FUNCTION throwIf(x)'.");
        }
    }

    #[test]
    fn not_an_exception() {
        for text in [
            "",
            "Code: ",
            "Code: x. DB::Exception: y",
            ". DB::Exception: ",
            "502 Bad Gateway",
            "é. DB::Exception: é",
        ] {
            assert_eq!(Exception::find(text), None, "{text:?}");
        }
    }
}
