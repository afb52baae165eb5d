//! ErrorGroup: the parts of an error that are the same each time it is thrown.

mod codes;
mod engines;
mod formats;
mod frame;
mod message;

use std::borrow::Cow;

/// The version of the rules, part of every group.
const VERSION: &str = "v2:";

/// Longer messages and stacks are cut before rules read them, so that an error costs a bounded time.
const MAX_MESSAGE: usize = 1_024;

/// The parts of an error that its group is a hash of.
///
/// They name the place where the error was thrown, not who called it: the same throw has the same key whether it is
/// recorded in the function that threw, or five callers above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorKey {
    /// The type. Browsers that name the same error differently get the same type.
    pub error_type: String,
    /// The message, with placeholders for all that varies.
    pub message: String,
    /// Function and file that threw: the innermost frame of the application, else the innermost frame, else `""`.
    pub frame: String,
}

impl ErrorKey {
    /// Reads the key from `exception.type`, `exception.message` and `exception.stacktrace`.
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

    /// The value of ErrorGroup.
    pub fn group(&self) -> String {
        let hash = hash([&self.error_type, &self.message, &self.frame]);
        format!("{VERSION}{}", &hash.to_hex()[..16])
    }
}

/// A hash of everything that the group depends on, as a key of a cache.
pub(super) fn cache_key(r#type: &str, message: &str, stack: &str) -> [u8; 32] {
    hash([r#type, cut(message, MAX_MESSAGE), stack]).into()
}

fn hash(parts: [&str; 3]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part.as_bytes());
    }
    hasher.finalize()
}

/// The message without what browsers put before it: `Uncaught (in promise) TypeError: `.
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

fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// The name, or `""` for one of a minifier, which gives such names anew in every build.
fn unless_minified(name: &str) -> &str {
    if name.len() > 2 { name } else { "" }
}

/// Applies a replacement that usually changes nothing.
fn replace<'a>(text: Cow<'a, str>, pattern: &regex::Regex, by: impl regex::Replacer) -> Cow<'a, str> {
    match pattern.replace_all(&text, by) {
        Cow::Owned(replaced) => Cow::Owned(replaced),
        Cow::Borrowed(_) => text,
    }
}
