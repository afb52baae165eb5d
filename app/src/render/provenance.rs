//! The statement behind an answer, and the links to its files.

use jiff::Timestamp;
use lakefront_api::{QueryInfo, QueryReply, SentStatement, Zone};
use lakefront_chart::clock;
use lakefront_clickhouse_http::literal;
use maud::{Markup, html};

use super::{guide::copyable, panel::on_demand};
use crate::{
    page_index::PLAIN,
    render_context::RenderContext,
    view::{RangeChoice, Refresh, View},
};

/// Renders the statement that was run, ready to copy, and links to the answer as files.
pub fn provenance(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let view = context.pages.view_of_query(info, context.page, context.view);
    let statement = if context.is_open("how") || context.pages.is_plain() {
        None
    } else {
        Some(on_demand(context))
    };
    let base = if context.pages.is_plain() { PLAIN } else { "" };
    tools(info, reply, zone, view, base, (context.is_open("how"), statement))
}

/// Renders the same for a view that has the parameters of the query only, with the statement in any case.
#[cfg(feature = "ssr")]
pub fn of_view(info: &QueryInfo, reply: &QueryReply, zone: &Zone, view: View) -> Markup {
    tools(info, reply, zone, view, "", (false, None))
}

/// Renders both, and links to the rows that were counted, below the path `base`. `instead` replaces the statement until it is unfolded.
fn tools(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    view: View,
    base: &str,
    (is_open, instead): (bool, Option<Markup>),
) -> Markup {
    // Rows are those of the page's range, which may end now. Files have the data that the panel shows.
    let rows_address = view.href();
    let address = address(reply, zone, view);
    let file = |format| file(&info.name, &info.title, format, &address);
    html! {
        div.tools {
            @if let Some(statement) = &reply.statement {
                details.how open[is_open] {
                    summary data-fold="how" { "How was this answered?" }
                    @if let Some(instead) = instead {
                        (instead)
                    } @else {
                        p { "By " (reply.backend.title()) ", because " (reply.reason.sentence()) " (" (reply.reason.name()) "). Paste it into a ClickHouse client:" }
                        (copyable("Statement and parameters", &script(statement)))
                    }
                }
            }
            span.files {
                @for rows in &info.rows {
                    @let page = rows.split('?').next().unwrap_or_default();
                    a href={ (base) "/rows/" (page) "/" (info.name) (rows_address) } data-rows data-key=(page) rel="external" aria-label={ "Rows in " (page) ": " (info.title) } { "Rows in " (page) }
                    " "
                }
                a href={ "/sql/" (info.name) (address) } data-key="sql" rel="external" aria-label={ "Open as SQL: " (info.title) } { "Open as SQL" }
                " Download " (file("CSV")) " " (file("JSON")) " " (file("Parquet"))
            }
        }
    }
}

/// Renders the links to files with the points of a chart that several queries and a formula make. `name` is the files',
/// `title` the chart's, and `reply` has its range.
#[cfg(feature = "ssr")]
pub fn of_chart(name: &str, title: &str, reply: &QueryReply, zone: &Zone, view: View) -> Markup {
    let address = address(reply, zone, view);
    html! {
        div.tools {
            span.files { "Download the chart " (file(name, title, "CSV", &address)) " " (file(name, title, "JSON", &address)) }
        }
    }
}

/// Renders the link to a file with an answer.
pub fn file(name: &str, title: &str, format: &str, address: &str) -> Markup {
    let extension = format.to_ascii_lowercase();
    html! {
        a href={ "/download/" (name) "." (extension) (address) } download rel="external" aria-label={ (title) " as " (format) } { (format) }
    }
}

/// Returns the query string of a file with the answer, with its range. The range is pinned, so that the file has the data that the panel
/// shows.
pub fn address(reply: &QueryReply, zone: &Zone, mut view: View) -> String {
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
pub fn instant(time: Timestamp) -> String {
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
