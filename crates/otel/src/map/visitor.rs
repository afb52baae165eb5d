//! The visitor that a row belongs to, and the pseudonym that stands for the address of a browser.

use std::borrow::Cow;
use std::net::IpAddr;

use super::attributes::{Lookup, first_text};
use super::resource::Resource;

/// Returns VisitorId: the user, else the installation or device, else for a browser that sent the record itself a hash that
/// changes with the pseudonym of its address, else the session.
///
/// An address that a server reports of its client (`client.address`) does not count: there is no key to hash it with, and a
/// hash without one says who it was to anybody who tries all addresses.
pub(super) fn visitor_id<'a>(
    user_id: &Cow<'a, str>,
    session_id: &Cow<'a, str>,
    attributes: &Lookup<'_, 'a>,
    resource: &'a Resource<'a>,
) -> Cow<'a, str> {
    if !user_id.is_empty() {
        return user_id.clone();
    }
    let device = first_text([
        attributes.value(|known| known.app_installation_id),
        attributes.value(|known| known.device_id),
    ]);
    if !device.is_empty() {
        return device;
    }
    if let Some(id) = resource
        .sender
        .as_ref()
        .and_then(|sender| sender.visitor_id.as_deref())
    {
        return Cow::Borrowed(id);
    }
    session_id.clone()
}

/// Stands for the address of a sender: the same as long as the key is, and without meaning once the key is gone.
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

    /// Returns the pseudonym with these bytes: see [`Self::bytes`].
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to be kept.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Returns the VisitorId of a browser at the address: a hash of service, pseudonym and User-Agent.
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
