//! The keys of senders, kept as hashes.

use std::{convert::Infallible, fmt, str::FromStr};

use http::{HeaderMap, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Bearer keys, as SHA-256 hashes, so that no log line can print a key. A key is compared with all of them in constant
/// time.
#[derive(Clone, Default)]
pub struct BearerKeys {
    hashes: Vec<[u8; 32]>,
}

impl BearerKeys {
    /// Returns true if there are no keys, so that requests need none.
    pub fn is_open(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns true if `key` is one of the keys.
    pub fn contains(&self, key: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let found = self
            .hashes
            .iter()
            .fold(Choice::from(0), |found, known| found | known.ct_eq(&hash));
        found.into()
    }
}

impl FromStr for BearerKeys {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        Ok(Self {
            hashes: keys.map(|key| Sha256::digest(key).into()).collect(),
        })
    }
}

impl fmt::Debug for BearerKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BearerKeys({} keys)", self.hashes.len())
    }
}

/// Returns the key that a request carries as `Authorization: Bearer KEY`.
pub fn given_key(headers: &HeaderMap) -> Option<&[u8]> {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| bearer(value.as_bytes()))
}

/// Returns the token of `Bearer TOKEN`. The scheme is compared without case (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}
