//! The builders of the promoted columns of logs and traces.

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder};

use super::batch::columns;
use super::column::TextColumn;
use crate::map::Promoted;

columns! {
    /// `index` is the number of rows before this one. Columns that are empty in most rows are set by index.
    struct PromotedColumns(index: usize, row: &Promoted<'_>) {
        service_namespace: TextColumn, "ServiceNamespace" => service_namespace.append_value(&row.service_namespace);
        service_version: TextColumn, "ServiceVersion" => service_version.append_value(&row.service_version);
        environment: TextColumn, "Environment" => environment.append_value(&row.environment);
        error_type: TextColumn, "ErrorType" => error_type.set(index, &row.error_type);
        error_message: TextColumn, "ErrorMessage" => error_message.set(index, &row.error_message);
        error_group: TextColumn, "ErrorGroup" => error_group.set(index, &row.error_group);
        is_page_view: BooleanBuilder, "IsPageView" => is_page_view.append_value(row.is_page_view);
        page_path: TextColumn, "PagePath" => page_path.set(index, &row.page_path);
        page_route: TextColumn, "PageRoute" => page_route.set(index, &row.page_route);
        vital_name: TextColumn, "VitalName" => vital_name.set(index, &row.vital_name);
        vital_value: Float64Builder, "VitalValue" => vital_value.append_option(row.vital_value);
        http_route: TextColumn, "HttpRoute" => http_route.set(index, &row.http_route);
        http_method: TextColumn, "HttpMethod" => http_method.set(index, &row.http_method);
        http_status_code: Int32Builder, "HttpStatusCode" => http_status_code.append_option(row.http_status_code);
        duration_ms: Float64Builder, "DurationMs" => duration_ms.append_option(row.duration_ms);
        session_id: TextColumn, "SessionId" => session_id.set(index, &row.session_id);
        user_id: TextColumn, "UserId" => user_id.set(index, &row.user_id);
        visitor_id: TextColumn, "VisitorId" => visitor_id.set(index, &row.visitor_id);
        referrer_host: TextColumn, "ReferrerHost" => referrer_host.set(index, &row.referrer_host);
        utm_source: TextColumn, "UtmSource" => utm_source.set(index, &row.utm_source);
        utm_medium: TextColumn, "UtmMedium" => utm_medium.set(index, &row.utm_medium);
        utm_campaign: TextColumn, "UtmCampaign" => utm_campaign.set(index, &row.utm_campaign);
        country: TextColumn, "Country" => country.set(index, &row.country);
        device_type: TextColumn, "DeviceType" => device_type.set(index, row.user_agent.as_deref().map_or("", |agent| agent.device_type));
        browser: TextColumn, "Browser" => browser.set(index, row.user_agent.as_deref().map_or("", |agent| &agent.browser));
        os: TextColumn, "Os" => os.set(index, row.user_agent.as_deref().map_or("", |agent| &agent.os));
        is_bot: BooleanBuilder, "IsBot" => is_bot.append_value(row.user_agent.as_deref().is_some_and(|agent| agent.is_bot));
    }
}

impl PromotedColumns {
    /// Appends empty values to the columns that were not set in each of the rows.
    pub(super) fn fill(&mut self, rows: usize) {
        for (_, column) in self.columns() {
            column.fill(rows);
        }
    }
}
