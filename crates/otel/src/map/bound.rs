//! Texts that queries filter by, cut to what a parameter of a query takes.

use std::borrow::Cow;

use crate::MAX_FILTER_BYTES;

/// Between what is left of a text and the hash of all of it.
const MARK: char = '~';
const HASH_DIGITS: usize = 16;

/// Cuts a longer text. The hash at its end keeps texts apart that begin alike.
pub(super) fn bound(text: &mut Cow<'_, str>) {
    if text.len() <= MAX_FILTER_BYTES {
        return;
    }
    let kept = text.floor_char_boundary(MAX_FILTER_BYTES - MARK.len_utf8() - HASH_DIGITS);
    let hash = blake3::hash(text.as_bytes()).to_hex();
    *text = Cow::Owned(format!("{}{MARK}{}", &text[..kept], &hash[..HASH_DIGITS]));
}
