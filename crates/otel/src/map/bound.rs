//! Cuts texts that queries filter by to the length that a parameter of a query may have.

use std::borrow::Cow;

use crate::MAX_FILTER_BYTES;

/// The separator between the kept part of a text and the hash of the whole text.
const MARK: char = '~';
/// Number of hexadecimal digits of the hash.
const HASH_DIGITS: usize = 16;

/// Cuts a text above [`MAX_FILTER_BYTES`]. A hash at its end distinguishes texts with the same beginning.
pub(super) fn bound(text: &mut Cow<'_, str>) {
    if text.len() <= MAX_FILTER_BYTES {
        return;
    }
    let kept = text.floor_char_boundary(MAX_FILTER_BYTES - MARK.len_utf8() - HASH_DIGITS);
    let hash = blake3::hash(text.as_bytes()).to_hex();
    *text = Cow::Owned(format!("{}{MARK}{}", &text[..kept], &hash[..HASH_DIGITS]));
}
