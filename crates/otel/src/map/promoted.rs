//! The promoted columns of a log record or span.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::AnyValue;

use super::attributes::{Lookup, first_text};
use super::bound::bound;
use super::mapper::Mapper;
use super::resource::Resource;
use super::user_agent::UserAgent;
use super::visitor::visitor_id;

/// The values of the promoted columns. The definitions of the columns of the same names, in [`crate::tables()`],
/// document them.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the columns of the same names are documented in the definition of the tables"
)]
pub struct Promoted<'a> {
    pub service_namespace: Cow<'a, str>,
    pub service_version: Cow<'a, str>,
    pub environment: Cow<'a, str>,
    pub error_type: Cow<'a, str>,
    pub error_message: Cow<'a, str>,
    pub error_group: Cow<'a, str>,
    pub is_page_view: bool,
    pub page_path: Cow<'a, str>,
    pub page_route: Cow<'a, str>,
    pub vital_name: Cow<'a, str>,
    pub vital_value: Option<f64>,
    pub http_route: Cow<'a, str>,
    pub http_method: Cow<'a, str>,
    pub http_status_code: Option<i32>,
    pub duration_ms: Option<f64>,
    pub session_id: Cow<'a, str>,
    pub user_id: Cow<'a, str>,
    pub visitor_id: Cow<'a, str>,
    pub referrer_host: Cow<'a, str>,
    pub utm_source: Cow<'a, str>,
    pub utm_medium: Cow<'a, str>,
    pub utm_campaign: Cow<'a, str>,
    pub country: Cow<'a, str>,
    /// The values of DeviceType, Browser, Os and IsBot.
    pub user_agent: Option<Arc<UserAgent>>,
}

impl Promoted<'_> {
    /// Cuts the texts that queries filter or group by to the length of a query's parameter.
    pub(super) fn bound(&mut self) {
        for text in [
            &mut self.service_namespace,
            &mut self.service_version,
            &mut self.environment,
            &mut self.error_type,
            &mut self.error_group,
            &mut self.page_route,
            &mut self.vital_name,
            &mut self.http_route,
            &mut self.http_method,
            &mut self.session_id,
            &mut self.user_id,
            &mut self.visitor_id,
            &mut self.referrer_host,
            &mut self.utm_source,
            &mut self.utm_medium,
            &mut self.utm_campaign,
            &mut self.country,
        ] {
            bound(text);
        }
    }
}

impl Mapper {
    /// Returns the promoted columns that any row may have: those of its service and of its visitor.
    pub(super) fn promoted<'a>(
        &mut self,
        attributes: &Lookup<'_, 'a>,
        resource: &'a Resource<'a>,
    ) -> Promoted<'a> {
        let known = attributes.record;
        let service = |own: [Option<&'a AnyValue>; 2], shared: &'a str| {
            let own = first_text(own);
            if own.is_empty() {
                Cow::Borrowed(shared)
            } else {
                own
            }
        };
        let header = attributes.text(|known| known.user_agent_original);
        let sender = resource.sender.as_ref();
        let user_agent = if header.is_empty() {
            sender.map(|sender| Arc::clone(&sender.user_agent))
        } else {
            Some(self.user_agent(&header))
        };
        let mut country = attributes.text(|known| known.geo_country_iso_code);
        if let (true, Some(sender)) = (country.is_empty(), sender) {
            country = Cow::Borrowed(sender.country);
        }
        let user_id = first_text([
            attributes.value(|known| known.user_id),
            attributes.value(|known| known.enduser_id),
        ]);
        let session_id = attributes.text(|known| known.session_id);
        let visitor_id = visitor_id(&user_id, &session_id, attributes, resource);
        Promoted {
            service_namespace: service([known.service_namespace, None], &resource.service_namespace),
            service_version: service([known.service_version, None], &resource.service_version),
            environment: service(
                [known.deployment_environment_name, known.deployment_environment],
                &resource.environment,
            ),
            country,
            user_id,
            session_id,
            visitor_id,
            user_agent,
            ..Promoted::default()
        }
    }
}
