//! The secret that several servers share, so that a visitor of all of them counts once a day.

use std::{fmt, str::FromStr};

/// A secret from which the keys of all days follow.
#[derive(Clone)]
pub struct VisitorSecret(String);

impl VisitorSecret {
    /// Returns the bytes of the secret.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for VisitorSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.chars().count() {
            16.. => Ok(Self(text.to_owned())),
            _ => {
                Err("expected 16 characters or more, because addresses can be found by trying short secrets")
            }
        }
    }
}

impl fmt::Debug for VisitorSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VisitorSecret")
    }
}

/// Returns the key of a day, in days since 1970-01-01. Every process with the same secret has the same one.
pub fn day_key(secret: &VisitorSecret, day: i64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("lakefront visitors of a day");
    hasher.update(&day.to_le_bytes()).update(secret.bytes());
    *hasher.finalize().as_bytes()
}
