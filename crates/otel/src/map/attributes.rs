//! Finds the attributes that fill promoted columns, in one pass over a record.

use std::borrow::Cow;
use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use super::any_value::text;
use super::placeholder;

macro_rules! known {
    ($($field:ident = $key:literal,)*) => {
        /// The values of the attributes that the mapping reads. If a key is repeated, its first value counts. Ids that
        /// are placeholders are `None`.
        #[derive(Clone, Copy, Default)]
        pub(super) struct Known<'a> {
            $(pub(super) $field: Option<&'a AnyValue>,)*
        }

        impl<'a> Known<'a> {
            pub(super) fn of(attributes: &'a [KeyValue]) -> Self {
                let mut known = Self::default();
                for attribute in attributes {
                    let slot = match attribute.key.as_str() {
                        $($key => &mut known.$field,)*
                        _ => continue,
                    };
                    if slot.is_none() {
                        *slot = attribute.value.as_ref();
                    }
                }
                for id in [
                    &mut known.app_installation_id,
                    &mut known.device_id,
                    &mut known.enduser_id,
                    &mut known.session_id,
                    &mut known.user_id,
                ] {
                    *id = placeholder::id(*id);
                }
                known
            }
        }
    };
}

known! {
    app_installation_id = "app.installation.id",
    browser_document_referrer = "browser.document.referrer",
    browser_document_url_full = "browser.document.url.full",
    browser_navigation_hash_change = "browser.navigation.hash_change",
    browser_web_vital_name = "browser.web_vital.name",
    browser_web_vital_value = "browser.web_vital.value",
    deployment_environment = "deployment.environment",
    deployment_environment_name = "deployment.environment.name",
    device_id = "device.id",
    document_referrer = "document.referrer",
    duration_ms = "duration_ms",
    enduser_id = "enduser.id",
    error_group = "error.group",
    error_type = "error.type",
    event_name = "event.name",
    exception_message = "exception.message",
    exception_stacktrace = "exception.stacktrace",
    exception_type = "exception.type",
    geo_country_iso_code = "geo.country.iso_code",
    http_method = "http.method",
    http_request_method = "http.request.method",
    http_response_status_code = "http.response.status_code",
    http_route = "http.route",
    http_server_request_duration = "http.server.request.duration",
    http_status_code = "http.status_code",
    name = "name",
    service_name = "service.name",
    service_namespace = "service.namespace",
    service_version = "service.version",
    session_id = "session.id",
    url_full = "url.full",
    url_path = "url.path",
    user_agent_original = "user_agent.original",
    user_id = "user.id",
    value = "value",
}

/// The attributes of a record and of its resource. An attribute of the record takes precedence.
pub(super) struct Lookup<'r, 'a> {
    pub(super) record: &'r Known<'a>,
    pub(super) resource: &'r Known<'a>,
}

impl<'a> Lookup<'_, 'a> {
    /// Returns the value of a key.
    pub(super) fn value(&self, key: impl Fn(&Known<'a>) -> Option<&'a AnyValue>) -> Option<&'a AnyValue> {
        key(self.record).or_else(|| key(self.resource))
    }

    /// Returns the text of a key, or `""` if it is absent.
    pub(super) fn text(&self, key: impl Fn(&Known<'a>) -> Option<&'a AnyValue>) -> Cow<'a, str> {
        self.value(key).map(text).unwrap_or_default()
    }
}

/// Returns the text of the first value that is not empty, or `""`.
pub(super) fn first_text<'a, const N: usize>(values: [Option<&'a AnyValue>; N]) -> Cow<'a, str> {
    values
        .into_iter()
        .flatten()
        .map(text)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// Most attributes that are compared pairwise. Above, a hash set of the keys is cheaper.
const FEW: usize = 24;

/// Returns the attributes without those whose key came before, because a map of the lake holds each key once.
pub(crate) fn distinct(attributes: &[KeyValue]) -> impl Iterator<Item = &KeyValue> {
    let repeated = if attributes.len() <= FEW {
        HashSet::new()
    } else {
        repeated(attributes)
    };
    attributes
        .iter()
        .enumerate()
        .filter_map(move |(index, attribute)| {
            let comes_before = if attributes.len() <= FEW {
                attributes[..index]
                    .iter()
                    .any(|earlier| earlier.key == attribute.key)
            } else {
                repeated.contains(&index)
            };
            (!comes_before).then_some(attribute)
        })
}

/// Returns the indexes of the attributes whose key came before.
fn repeated(attributes: &[KeyValue]) -> HashSet<usize> {
    let mut keys = HashSet::with_capacity(attributes.len());
    (0..attributes.len())
        .filter(|&index| !keys.insert(attributes[index].key.as_str()))
        .collect()
}
