//! ErrorGroup: what makes two errors the same error.

mod frames;
mod message;

/// The version of the rules, part of every group.
const VERSION: &str = "v1:";

/// Longer messages and stacks are cut before rules look at them, so that an error costs a bounded time.
const MAX_MESSAGE: usize = 1_024;
const MAX_STACK: usize = 8_192;

/// The group of an error: its type, its message without what varies, and where it was thrown.
pub(super) fn error_group(r#type: &str, message: &str, stack: &str) -> String {
    let message = message::clean(cut(message, MAX_MESSAGE));
    let frames = frames::own_frames(cut(stack, MAX_STACK));
    let mut hasher = blake3::Hasher::new();
    for part in [r#type, &*message]
        .into_iter()
        .chain(frames.iter().map(String::as_str))
    {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part.as_bytes());
    }
    format!("{VERSION}{}", &hasher.finalize().to_hex()[..16])
}

/// What the group depends on, as a key to remember it by.
pub(super) fn key(r#type: &str, message: &str, stack: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in [r#type, cut(message, MAX_MESSAGE), cut(stack, MAX_STACK)] {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}
