//! The column `VisitorId`.

use std::borrow::Cow;

use super::attributes::{Lookup, first_text};
use super::resource::Resource;

/// Returns the value of `VisitorId`: the user, else the installation or device, else for a browser that sent the record
/// itself a hash, else the session. The hash changes with the pseudonym of the browser's address.
///
/// An address that a server reports for its client (`client.address`) is not used, because there is no key to hash it
/// with. A hash without a key reveals the address to anyone who tries all addresses.
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
