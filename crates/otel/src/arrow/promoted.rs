//! The builders of the promoted columns of logs and traces.

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder};

use super::batch::columns;
use super::column::{Column, TextColumn};
use crate::map::Promoted;

#[derive(Default)]
pub(super) struct PromotedColumns {
    service_namespace: TextColumn,
    service_version: TextColumn,
    environment: TextColumn,
    error_type: TextColumn,
    error_message: TextColumn,
    error_group: TextColumn,
    is_page_view: BooleanBuilder,
    page_path: TextColumn,
    page_route: TextColumn,
    vital_name: TextColumn,
    vital_value: Float64Builder,
    http_route: TextColumn,
    http_method: TextColumn,
    http_status_code: Int32Builder,
    duration_ms: Float64Builder,
    session_id: TextColumn,
    user_id: TextColumn,
    visitor_id: TextColumn,
    referrer_host: TextColumn,
    utm_source: TextColumn,
    utm_medium: TextColumn,
    utm_campaign: TextColumn,
    country: TextColumn,
    device_type: TextColumn,
    browser: TextColumn,
    os: TextColumn,
    is_bot: BooleanBuilder,
}

impl PromotedColumns {
    /// Appends the values of a row. `index` is the number of rows before it.
    pub(super) fn append(&mut self, index: usize, row: &Promoted<'_>) {
        self.service_namespace.append_value(&row.service_namespace);
        self.service_version.append_value(&row.service_version);
        self.environment.append_value(&row.environment);
        self.error_type.set(index, &row.error_type);
        self.error_message.set(index, &row.error_message);
        self.error_group.set(index, &row.error_group);
        self.is_page_view.append_value(row.is_page_view);
        self.page_path.set(index, &row.page_path);
        self.page_route.set(index, &row.page_route);
        self.vital_name.set(index, &row.vital_name);
        self.vital_value.append_option(row.vital_value);
        self.http_route.set(index, &row.http_route);
        self.http_method.set(index, &row.http_method);
        self.http_status_code.append_option(row.http_status_code);
        self.duration_ms.append_option(row.duration_ms);
        self.session_id.set(index, &row.session_id);
        self.user_id.set(index, &row.user_id);
        self.visitor_id.set(index, &row.visitor_id);
        self.referrer_host.set(index, &row.referrer_host);
        self.utm_source.set(index, &row.utm_source);
        self.utm_medium.set(index, &row.utm_medium);
        self.utm_campaign.set(index, &row.utm_campaign);
        self.country.set(index, &row.country);
        if let Some(agent) = row.user_agent.as_deref() {
            self.device_type.set(index, agent.device_type);
            self.browser.set(index, &agent.browser);
            self.os.set(index, &agent.os);
        }
        self.is_bot
            .append_value(row.user_agent.as_deref().is_some_and(|agent| agent.is_bot));
    }

    /// Returns the columns, each filled up to the number of rows.
    pub(super) fn columns(&mut self, rows: usize) -> Vec<(&'static str, &mut dyn Column)> {
        for column in [
            &mut self.error_type,
            &mut self.error_message,
            &mut self.error_group,
            &mut self.page_path,
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
            &mut self.device_type,
            &mut self.browser,
            &mut self.os,
        ] {
            column.fill(rows);
        }
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
