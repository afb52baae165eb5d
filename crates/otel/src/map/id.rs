//! Ids of traces and spans.

use std::fmt;

/// An id in lower-case hexadecimal, on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexId {
    digits: [u8; 32],
    length: usize,
}

impl HexId {
    /// The digits, or `""` for no id.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or_default()
    }
}

impl fmt::Debug for HexId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

/// The id, if it is one: `N` bytes, not all zero. Anything else counts as none, as the protocol wants.
pub(crate) fn hex_id<const N: usize>(bytes: &[u8]) -> HexId {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const { assert!(N <= 16) };
    let mut digits = [0; 32];
    if bytes.len() != N || bytes.iter().all(|&byte| byte == 0) {
        return HexId { digits, length: 0 };
    }
    for (pair, &byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    HexId {
        digits,
        length: 2 * N,
    }
}
