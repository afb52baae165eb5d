//! The keys of senders, kept as hashes.

use std::{convert::Infallible, fmt, str::FromStr};

use http::{HeaderMap, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// Bearer keys, as SHA-256 hashes, so that no log line can print a key. A key is compared with all of them in constant
/// time.
///
/// The text of keys separates them by commas. A key may have a name before it, as in `shop=KEY`, under which the Usage page
/// counts what it sends. Others are named by the first digits of their hash. Base64 has `=` at its end only, so that no key
/// is taken for a name.
#[derive(Clone, Default)]
pub struct BearerKeys {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    hash: [u8; 32],
    name: String,
}

/// Longest name of a key, in bytes.
const NAME_BYTES: usize = 64;

impl Key {
    fn parse(text: &str) -> Self {
        let named = text.split_once('=').filter(|(name, key)| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=NAME_BYTES).contains(&name.len())
                && name.bytes().all(is_name)
                && !key.trim_matches('=').is_empty()
        });
        let hash: [u8; 32] = Sha256::digest(named.map_or(text, |(_, key)| key)).into();
        let digits = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        let name = named.map_or_else(|| format!("key {digits:08x}"), |(name, _)| name.to_owned());
        Self { hash, name }
    }
}

impl BearerKeys {
    /// Returns true if there are no keys, so that requests need none.
    pub fn is_open(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns true if `key` is one of the keys.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.name_of(key).is_some()
    }

    /// Returns true if a key has that name.
    pub fn has_name(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    /// Returns the name of `key` if it is one of the keys.
    pub fn name_of(&self, key: &[u8]) -> Option<&str> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let index = self
            .keys
            .iter()
            .enumerate()
            .fold(u64::MAX, |found, (index, known)| {
                u64::conditional_select(&found, &(index as u64), known.hash.ct_eq(&hash))
            });
        let known = self.keys.get(usize::try_from(index).ok()?)?;
        Some(&known.name)
    }
}

impl FromStr for BearerKeys {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        Ok(Self {
            keys: keys.map(Key::parse).collect(),
        })
    }
}

impl fmt::Debug for BearerKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BearerKeys({} keys)", self.keys.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_a_name() {
        let keys: BearerKeys = "shop=abc, bGFrZQ==,a=b==, = ,=x".parse().unwrap();
        assert_eq!(keys.name_of(b"abc"), Some("shop"));
        assert_eq!(keys.name_of(b"shop=abc"), None);
        assert_eq!(keys.name_of(b"b=="), Some("a"));
        assert!(keys.contains(b"=x"), "a name is not empty");
        assert!(!keys.contains(b"bGFrZQ"));
        let name = keys.name_of(b"bGFrZQ==").unwrap();
        assert!(name.len() == 12 && name.starts_with("key "), "{name}");
        assert!(!format!("{keys:?}").contains("abc"));
    }
}
