//! The promoted columns of logs and traces.

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder, StringBuilder};

use super::batch::columns;
use super::column::Column;
use crate::map::Promoted;

#[derive(Default)]
pub(super) struct PromotedColumns {
    service_namespace: StringBuilder,
    service_version: StringBuilder,
    environment: StringBuilder,
    error_type: StringBuilder,
    error_message: StringBuilder,
    error_group: StringBuilder,
    is_page_view: BooleanBuilder,
    page_path: StringBuilder,
    page_route: StringBuilder,
    vital_name: StringBuilder,
    vital_value: Float64Builder,
    http_route: StringBuilder,
    http_method: StringBuilder,
    http_status_code: Int32Builder,
    duration_ms: Float64Builder,
    session_id: StringBuilder,
    user_id: StringBuilder,
    visitor_id: StringBuilder,
    referrer_host: StringBuilder,
    utm_source: StringBuilder,
    utm_medium: StringBuilder,
    utm_campaign: StringBuilder,
    country: StringBuilder,
    device_type: StringBuilder,
    browser: StringBuilder,
    os: StringBuilder,
    is_bot: BooleanBuilder,
}

impl PromotedColumns {
    pub(super) fn append(&mut self, row: &Promoted<'_>) {
        self.service_namespace.append_value(&row.service_namespace);
        self.service_version.append_value(&row.service_version);
        self.environment.append_value(&row.environment);
        self.error_type.append_value(&row.error_type);
        self.error_message.append_value(&row.error_message);
        self.error_group.append_value(&row.error_group);
        self.is_page_view.append_value(row.is_page_view);
        self.page_path.append_value(&row.page_path);
        self.page_route.append_value(&row.page_route);
        self.vital_name.append_value(&row.vital_name);
        self.vital_value.append_option(row.vital_value);
        self.http_route.append_value(&row.http_route);
        self.http_method.append_value(&row.http_method);
        self.http_status_code.append_option(row.http_status_code);
        self.duration_ms.append_option(row.duration_ms);
        self.session_id.append_value(&row.session_id);
        self.user_id.append_value(&row.user_id);
        self.visitor_id.append_value(&row.visitor_id);
        self.referrer_host.append_value(&row.referrer_host);
        self.utm_source.append_value(&row.utm_source);
        self.utm_medium.append_value(&row.utm_medium);
        self.utm_campaign.append_value(&row.utm_campaign);
        self.country.append_value(&row.country);
        let agent = row.user_agent.as_deref();
        self.device_type
            .append_value(agent.map_or("", |agent| agent.device_type));
        self.browser
            .append_value(agent.map_or("", |agent| &agent.browser));
        self.os.append_value(agent.map_or("", |agent| &agent.os));
        self.is_bot.append_value(agent.is_some_and(|agent| agent.is_bot));
    }

    pub(super) fn columns(&mut self) -> Vec<(&'static str, &mut dyn Column)> {
        columns!(self;
            service_namespace = "ServiceNamespace",
            service_version = "ServiceVersion",
            environment = "Environment",
            error_type = "ErrorType",
            error_message = "ErrorMessage",
            error_group = "ErrorGroup",
            is_page_view = "IsPageView",
            page_path = "PagePath",
            page_route = "PageRoute",
            vital_name = "VitalName",
            vital_value = "VitalValue",
            http_route = "HttpRoute",
            http_method = "HttpMethod",
            http_status_code = "HttpStatusCode",
            duration_ms = "DurationMs",
            session_id = "SessionId",
            user_id = "UserId",
            visitor_id = "VisitorId",
            referrer_host = "ReferrerHost",
            utm_source = "UtmSource",
            utm_medium = "UtmMedium",
            utm_campaign = "UtmCampaign",
            country = "Country",
            device_type = "DeviceType",
            browser = "Browser",
            os = "Os",
            is_bot = "IsBot",
        )
    }
}
