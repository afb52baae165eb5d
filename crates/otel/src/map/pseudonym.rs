//! The pseudonym that replaces the address of a sender.

use std::net::IpAddr;

/// A pseudonym of a sender's address. It is stable as long as the key is kept, and can't be resolved once the key is
/// deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// Returns the pseudonym of an address under a key.
    pub fn new(key: &[u8; 32], address: IpAddr) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key);
        match address {
            IpAddr::V4(address) => hasher.update(&address.octets()),
            IpAddr::V6(address) => hasher.update(&address.octets()),
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(bytes)
    }

    /// Returns the pseudonym with the bytes that [`Self::bytes`] returned.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for storage.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Returns the `VisitorId` of a browser at the address: 16 hexadecimal digits of a hash of service, pseudonym and
    /// User-Agent.
    pub(super) fn visitor_id(self, service: &str, user_agent: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        for part in [service, user_agent] {
            hasher
                .update(&(part.len() as u64).to_le_bytes())
                .update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}
