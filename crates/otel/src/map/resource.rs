//! The values that all records of a resource, or of a scope, share.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};

use super::any_value::text;
use super::attributes::{Known, first_text};
use super::bound::bound;
use super::context::RequestContext;
use super::user_agent::UserAgent;

/// A resource of a request.
pub struct Resource<'a> {
    /// `service.name`, or `""`.
    pub service_name: Cow<'a, str>,
    /// URL of the attributes' schema.
    pub schema_url: &'a str,
    /// Attributes as text, each key once.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Arrival of the request, in microseconds since 1970 UTC.
    pub arrival: i64,
    pub(super) service_namespace: Cow<'a, str>,
    pub(super) service_version: Cow<'a, str>,
    pub(super) environment: Cow<'a, str>,
    pub(super) known: Known<'a>,
    pub(super) sender: Option<Sender<'a>>,
}

/// The browser that sent the request.
pub(super) struct Sender<'a> {
    pub(super) user_agent: Arc<UserAgent>,
    pub(super) country: &'a str,
    pub(super) visitor_id: Option<String>,
}

impl<'a> Resource<'a> {
    pub(super) fn new(
        attributes: &'a [KeyValue],
        schema_url: &'a str,
        context: &RequestContext<'a>,
        user_agent: Arc<UserAgent>,
    ) -> Self {
        let known = Known::of(attributes);
        let mut service_name = first_text([known.service_name]);
        bound(&mut service_name);
        let sender = user_agent.is_browser.then(|| Sender {
            user_agent,
            country: context.country,
            visitor_id: context
                .sender
                .map(|sender| sender.visitor_id(&service_name, context.user_agent)),
        });
        Self {
            schema_url,
            attributes: texts(attributes),
            arrival: context.arrival,
            service_namespace: first_text([known.service_namespace]),
            service_version: first_text([known.service_version]),
            environment: first_text([known.deployment_environment_name, known.deployment_environment]),
            service_name,
            known,
            sender,
        }
    }
}

/// An instrumentation scope of a resource.
#[derive(Default)]
pub struct Scope<'a> {
    /// Name of the scope.
    pub name: &'a str,
    /// Version of the scope.
    pub version: &'a str,
    /// URL of the attributes' schema.
    pub schema_url: &'a str,
    /// Attributes as text, each key once.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Number of attributes that the sender dropped.
    pub dropped_attributes_count: u32,
}

impl<'a> Scope<'a> {
    /// Returns the values of a scope.
    pub fn new(scope: Option<&'a InstrumentationScope>, schema_url: &'a str) -> Self {
        let Some(scope) = scope else {
            return Self {
                schema_url,
                ..Self::default()
            };
        };
        Self {
            name: &scope.name,
            version: &scope.version,
            schema_url,
            attributes: texts(&scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count,
        }
    }
}

/// Returns the attributes as text, each key once.
fn texts(attributes: &[KeyValue]) -> Vec<(&str, Cow<'_, str>)> {
    super::attributes::distinct(attributes)
        .map(|attribute| {
            (
                attribute.key.as_str(),
                attribute.value.as_ref().map(text).unwrap_or_default(),
            )
        })
        .collect()
}
