//! The ids of traces and spans, as text.

use std::fmt;

/// An id in lower-case hexadecimal, stored without allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexId {
    digits: [u8; 32],
    length: usize,
}

impl HexId {
    /// Returns the digits, or `""` if there is no id.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.length]).unwrap_or_default()
    }
}

impl fmt::Debug for HexId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

/// Returns the id if it has `N` bytes that are not all zero. Other ids are invalid in OTLP and count as absent.
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
