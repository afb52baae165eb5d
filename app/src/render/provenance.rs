//! The statement behind an answer, and the links to its files.

use jiff::Timestamp;
use lakefront_api::{QueryInfo, QueryReply, SentStatement, Zone};
use lakefront_chart::clock;
use lakefront_clickhouse_http::literal;
use maud::{Markup, html};

use super::guide::copyable;
use crate::{
    render_context::RenderContext,
    view::{RangeChoice, Refresh},
};

/// Renders the statement that was run, ready to copy, and links to the answer as files.
pub fn provenance(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    html! {
        div.tools {
            @if let Some(statement) = &reply.statement {
                details.how open[context.is_open("how")] {
                    summary data-key="how" { "How was this answered?" }
                    p { "By " (reply.backend.title()) ", because " (reply.reason.sentence()) " (" (reply.reason.name()) "). Paste it into a ClickHouse client:" }
                    (copyable("Statement and parameters", &script(statement)))
                }
            }
            span.files {
                a href={ "/sql/" (info.name) (pinned(info, reply, zone, context)) } data-key="sql" rel="external" aria-label={ (info.title) " as SQL" } { "Open as SQL" }
                " Download "
                a href=(file(info, reply, zone, context, "csv")) download data-key="csv" rel="external" aria-label={ (info.title) " as CSV" } { "CSV" }
                " "
                a href=(file(info, reply, zone, context, "json")) download data-key="json" rel="external" aria-label={ (info.title) " as JSON" } { "JSON" }
            }
        }
    }
}

/// Returns the address of a file with the data that the panel shows.
fn file(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    context: &RenderContext<'_>,
    format: &str,
) -> String {
    format!(
        "/download/{}.{format}{}",
        info.name,
        pinned(info, reply, zone, context)
    )
}

/// Returns the query string with the parameters of an answer. The range is pinned to the one of the answer.
fn pinned(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> String {
    let mut view = context.pages.view_of_query(info, context.page, context.view);
    if let Some(range) = reply.range {
        view.range = RangeChoice::Between {
            from: instant(range.from),
            to: instant(range.to),
        };
    }
    view.tz = Some(zone.name.clone());
    view.refresh = Refresh::Off;
    view.href()
}

/// Formats an instant to the microsecond: `2026-03-24T12:00:00.000000Z`.
fn instant(time: Timestamp) -> String {
    let shown = clock(time, &Zone::utc()).replace(' ', "T");
    format!("{shown}.{:06}Z", time.subsec_microsecond())
}

/// Returns the script for a ClickHouse client: first the parameters, then the statement.
fn script(statement: &SentStatement) -> String {
    let mut out = String::new();
    for param in &statement.params {
        out += &format!("SET param_{} = {};\n", param.name, literal(&param.value));
    }
    out + &statement.sql
}

#[cfg(test)]
mod tests {
    use lakefront_api::SentParam;

    use super::*;

    #[test]
    fn a_parameter_cannot_end_its_quotes() {
        let statement = SentStatement {
            sql: "SELECT {user:String}".into(),
            params: vec![SentParam {
                name: "user".into(),
                value: "a'b\\".into(),
            }],
        };
        assert_eq!(
            script(&statement),
            "SET param_user = 'a\\'b\\\\';\nSELECT {user:String}"
        );
    }
}
