//! The column `ErrorGroup`: a hash of the parts of an error that are the same each time it is thrown.

mod codes;
mod engines;
mod formats;
mod frame;
mod message;

use std::borrow::Cow;

/// Prefix of every group: the version of the rules.
const VERSION: &str = "v2:";

/// Bytes of a message that are read, so that an error costs a bounded time.
const MAX_MESSAGE: usize = 1_024;

/// The parts of an error that its group is a hash of.
///
/// They name the place that threw the error, and no callers. So the key is the same if an error is recorded where it
/// was thrown, or five callers above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorKey {
    /// Type of the error. Browsers that name the same error differently get the same type.
    pub error_type: String,
    /// The message, with placeholders for all parts that vary.
    pub message: String,
    /// The function and file that threw the error: the innermost frame of the application, else the innermost frame,
    /// else `""`.
    pub frame: String,
}

impl ErrorKey {
    /// Computes the key from `exception.type`, `exception.message` and `exception.stacktrace`.
    pub fn of(r#type: &str, message: &str, stack: &str) -> Self {
        let message = without_type(cut(message, MAX_MESSAGE).trim(), r#type);
        let frame = frame::thrown_in(stack);
        match engines::canonical(r#type, message) {
            Some((r#type, message)) => Self {
                error_type: r#type.to_owned(),
                message,
                frame,
            },
            None => Self {
                error_type: r#type.to_owned(),
                message: message::clean(message).into_owned(),
                frame,
            },
        }
    }

    /// Returns the value of `ErrorGroup`: `v2:` and 16 hexadecimal digits.
    pub fn group(&self) -> String {
        let hash = hash([&self.error_type, &self.message, &self.frame]);
        format!("{VERSION}{}", &hash.to_hex()[..16])
    }
}

/// Returns a hash of all that the group depends on, as the key of a cache.
pub(super) fn cache_key(r#type: &str, message: &str, stack: &str) -> [u8; 32] {
    hash([r#type, cut(message, MAX_MESSAGE), stack]).into()
}

/// Hashes the parts with their lengths, so that their boundaries count.
fn hash(parts: [&str; 3]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part.as_bytes());
    }
    hasher.finalize()
}

/// Returns the message without the prefix that browsers add: `Uncaught (in promise) TypeError: `.
fn without_type<'a>(message: &'a str, r#type: &str) -> &'a str {
    let message = message.strip_prefix("Uncaught ").unwrap_or(message);
    let message = message.strip_prefix("(in promise) ").unwrap_or(message);
    if r#type.is_empty() {
        return message;
    }
    message
        .strip_prefix(r#type)
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(message)
}

/// Returns at most `length` bytes of the text.
fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// Returns the name, or `""` if it has at most two bytes: minifiers give such names, and give new ones in every build.
fn unless_minified(name: &str) -> &str {
    if name.len() > 2 { name } else { "" }
}

/// Applies a replacement, and copies the text only if something was replaced.
fn replace<'a>(text: Cow<'a, str>, pattern: &regex::Regex, by: impl regex::Replacer) -> Cow<'a, str> {
    match pattern.replace_all(&text, by) {
        Cow::Owned(replaced) => Cow::Owned(replaced),
        Cow::Borrowed(_) => text,
    }
}
