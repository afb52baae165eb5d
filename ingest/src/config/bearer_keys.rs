//! The keys that may send, kept as hashes.

use std::{convert::Infallible, fmt, str::FromStr};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Bearer keys. Only their hashes are kept, so that nothing can print a key, and all are compared in constant time.
#[derive(Clone, Default)]
pub struct BearerKeys {
    hashes: Vec<[u8; 32]>,
}

impl BearerKeys {
    /// Whether no key is needed.
    pub fn is_open(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether `key` is one of the keys.
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
