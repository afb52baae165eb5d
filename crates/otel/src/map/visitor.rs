//! Who a row belongs to.

use std::borrow::Cow;

use super::attributes::{Lookup, first_text};
use super::resource::Resource;
use super::user_agent::UserAgent;

/// VisitorId: the user, else the installation or device, else for browsers a hash that changes daily, else the session.
pub(super) fn visitor_id<'a>(
    user_id: &Cow<'a, str>,
    session_id: &Cow<'a, str>,
    attributes: &Lookup<'_, 'a>,
    resource: &'a Resource<'a>,
    user_agent: Option<&UserAgent>,
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
    // A server that reports on behalf of a browser may name its address.
    let address = attributes.text(|known| known.client_address);
    if user_agent.is_some_and(|agent| agent.is_browser) && !address.is_empty() {
        let header = attributes.text(|known| known.user_agent_original);
        return Cow::Owned(hash(
            &resource.visitor_key,
            &resource.service_name,
            &address,
            &header,
        ));
    }
    session_id.clone()
}

/// A hash of service, address and User-Agent that only the key's holder can compute.
pub(super) fn hash(key: &[u8; 32], service: &str, address: &str, user_agent: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in [service, address, user_agent] {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
