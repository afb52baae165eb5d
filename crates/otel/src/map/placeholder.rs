//! Placeholder ids, such as `undefined`, which programs write if they have no id.

use opentelemetry_proto::tonic::common::v1::AnyValue;

use super::any_value::text;

/// The placeholders, in lower case. Ids of zeros, such as the nil UUID, count as placeholders too.
const PLACEHOLDERS: &[&str] = &[
    "undefined",
    "null",
    "(null)",
    "<null>",
    "nil",
    "none",
    "nan",
    "n/a",
    "na",
    "-",
    "-1",
    "false",
    "true",
    "[object object]",
    "[object undefined]",
    "{}",
    "[]",
    "anonymous",
    "anon",
    "anonymous_user",
    "anonymoususer",
    "guest",
    "unknown",
    "unidentified",
    "not set",
    "(not set)",
    "not_set",
    "empty",
    "default",
    "user_id",
    "userid",
    "{user_id}",
    "{{user_id}}",
];

/// Most bytes of a placeholder: the length of the nil UUID.
const LONGEST: usize = 36;

/// Returns the value unless it is a placeholder, which would merge all visitors that have it into one.
pub(super) fn id(value: Option<&AnyValue>) -> Option<&AnyValue> {
    value.filter(|value| !is_placeholder(&text(value)))
}

fn is_placeholder(id: &str) -> bool {
    let id = id.trim();
    let zeros = || id.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.'));
    id.len() <= LONGEST && (zeros() || PLACEHOLDERS.iter().any(|one| one.eq_ignore_ascii_case(id)))
}
