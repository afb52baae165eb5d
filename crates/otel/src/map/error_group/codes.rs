//! Recognises numbers that identify the error, such as a status. They stay in a message while other numbers are
//! replaced.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::replace;

/// Patterns of codes in messages. The whole match stays unchanged.
const CODES: &[&str] = &[
    // HTTP: status code 404, status: 503, HTTP 500, HTTP/1.1 502, HTTP error 404
    r"(?i)\b(?:status(?:[ _-]?code)?|https?(?:/[0-9.]+)?(?: error| status)?)[ :=(]{1,3}[1-5][0-9]{2}\b",
    // HTTP: failed with 503, returned 404, responded with a 401, got 500, response 500, error 404, (502)
    r"(?i)\b(?:with|returned|responded|response|received|got|error|failed)(?: with)?(?: an?)?(?:: | \(?)[45][0-9]{2}(?:$|[.,;:)\]]| (?:from|for|on|at|status|error|HTTP)\b)",
    // HTTP by its reason phrase: 404 Not Found
    r"\b[45][0-9]{2} (?:Client Error|Server Error|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed|Not Acceptable|Request Timeout|Conflict|Gone|Length Required|Precondition Failed|Payload Too Large|Content Too Large|URI Too Long|Unsupported Media Type|Unprocessable|Locked|Too Many Requests|Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Timeout)\b",
    // Errors by number: Minified React error #418, ERROR 1045 (28000), error code 23505, errno 13, [Errno 2], os error
    // 2
    r"(?i)\b(?:errno|err(?:or)?[ _-]?(?:code|number|no))[ :=]{1,2}#?\(?-?[0-9]{1,5}\b",
    r"(?i)\berror ?[ #(]-?[0-9]{1,5}\b(?: \([0-9A-Z]{5}\))?",
    // Codes by name: exit code 137, exit status 1, exited with code 1, signal 9, code = 14, code: -32601, result code
    // 17
    r"(?i)\b(?:(?:exit|exited|return|result|response|reason|status|vendor|sql|close|abort)(?: with)?[ _-]?(?:code|status)|with code|signal)[ :=]{1,3}\(?-?[0-9]{1,5}\b",
    r"(?i)\bcode ?[:=] ?-?[0-9]{1,5}\b",
    // Windows: HRESULT: 0x80070005, exception code 0xc0000005, Win32 error 0x5
    r"(?i)\b(?:hresult|error|code|exception|status)\b[^0-9]{0,12}0x[0-9a-f]{1,8}\b",
    // SQL: SQLSTATE[23000]: Integrity constraint violation: 1062, SQLSTATE 42P01, SQLCODE=-803
    r"\bSQLSTATE[\[ :=(]{1,2}[0-9A-Z]{5}\b\]?(?: ?\[[0-9]+\])?(?:: [A-Za-z ]+: [0-9]{1,5}\b)?",
    r"\bSQLCODE[ :=]{1,2}-?[0-9]{1,5}\b",
    // Products with numbered errors: ORA-00942, TS2345, NG0100, PGRST116, AADSTS50011, Prisma's P2002, E0308
    r"\b(?:ORA|TNS|PLS|RMAN|DPI|DPY|DB2|SQL|MY|CPF|NG|TS|CS|NU|MSB|PGRST|AADSTS)-?[0-9]{3,6}[NCW]?\b|\b[PE][0-9]{4}\b",
    // gRPC in JavaScript: 14 UNAVAILABLE: …
    r"^[0-9]{1,2} [A-Z]{2,}(?:_[A-Z]+)*: ",
];

/// The first private-use character. Private-use characters temporarily replace the digits and letters of a code.
const PRIVATE: u32 = 0xF_0000;

/// Returns the message with its codes in characters that no rule matches. [`reveal`] restores them.
pub(super) fn hide(message: Cow<'_, str>) -> Cow<'_, str> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        CODES
            .iter()
            .map(|pattern| Regex::new(pattern).expect("the codes are tested"))
            .collect()
    });
    if !message.bytes().any(|byte| byte.is_ascii_digit()) {
        return message;
    }
    PATTERNS.iter().fold(message, |message, pattern| {
        replace(message, pattern, |captures: &Captures<'_>| {
            captures[0].chars().map(hidden).collect::<String>()
        })
    })
}

/// Returns the message with its codes restored.
pub(super) fn reveal(message: Cow<'_, str>) -> Cow<'_, str> {
    if !message.contains(|char| shown(char) != char) {
        return message;
    }
    Cow::Owned(message.chars().map(shown).collect())
}

fn hidden(char: char) -> char {
    if char.is_ascii_alphanumeric() {
        char::from_u32(PRIVATE + u32::from(char)).unwrap_or(char)
    } else {
        char
    }
}

fn shown(char: char) -> char {
    match u32::from(char).checked_sub(PRIVATE) {
        Some(code) if code < 128 => char::from_u32(code).unwrap_or(char),
        _ => char,
    }
}
