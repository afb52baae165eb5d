//! The form of the SQL page.

use maud::{Markup, html};

use super::statement::{PARAM, SQL, placeholders};
use crate::{page_index::PLAIN, view::View};

/// The longest statement of the form, in characters. Its address must fit into what servers accept, 16 KB at the least.
const LONGEST: usize = 8_000;

/// Statements to begin with: a title, and the text.
const EXAMPLES: [(&str, &str); 3] = [
    (
        "Log lines by service",
        "SELECT ServiceName, count() AS lines\nFROM otel_logs\nWHERE Timestamp > now() - INTERVAL 1 DAY\nGROUP BY ServiceName\nORDER BY lines DESC",
    ),
    (
        "Slow operations of a service",
        "SELECT toStartOfHour(Timestamp) AS hour, SpanName, quantile(0.95)(Duration) / 1e6 AS p95_ms\nFROM otel_traces\nWHERE Timestamp > now() - INTERVAL 1 DAY AND ({service:String} = '' OR ServiceName = {service:String})\nGROUP BY hour, SpanName\nORDER BY hour",
    ),
    (
        "Log lines of failed traces",
        "SELECT toStartOfHour(logs.Timestamp) AS hour, spans.ServiceName AS service, count() AS lines\nFROM otel_logs AS logs\nJOIN otel_traces AS spans ON logs.TraceId = spans.TraceId\nWHERE spans.StatusCode = 'Error' AND logs.Timestamp > now() - INTERVAL 7 DAY AND spans.Timestamp > now() - INTERVAL 7 DAY\nGROUP BY hour, service\nORDER BY hour",
    ),
];

/// Renders the form and the examples. The editor takes over from the form where it loads. Without it the page below
/// [`PLAIN`] answers.
///
/// With `foreign` a page of another site has led here: the statement is shown and does not run by itself.
pub fn form(view: &View, foreign: bool) -> Markup {
    let sql = view.param(SQL);
    html! {
        @if foreign {
            p.note.short role="status" { "Another site led here, so this statement has not run. Read it, then press Run." }
        }
        form #sql-form method="get" action={ (PLAIN) "/sql" } data-whole {
            label for="sql-statement" { "Statement" }
            textarea #sql-statement name=(SQL) rows="9" maxlength=(LONGEST) required
                spellcheck="false" autocapitalize="off" autocomplete="off" translate="no"
                placeholder="SELECT count() FROM otel_logs" { "\n" (sql) }
            div.sql-params {
                @for placeholder in placeholders(sql) {
                    @let name = format!("{PARAM}{}", placeholder.name);
                    label translate="no" {
                        span { (placeholder.name) " " small { (placeholder.data_type) } }
                        input type="text" name=(name) value=(view.param(&name)) autocomplete="off" spellcheck="false";
                    }
                }
            }
            div.sql-actions {
                button { "Run" }
                // The editor asks for an estimate by itself.
                button.quiet.estimates name="estimate" value="1" { "Estimate" }
            }
        }
        details.language {
            summary { "What can be asked" }
            p {
                "One SELECT of ClickHouse over the tables of the lake, for example " code { "otel_logs" } ", " code { "otel_traces" } " or "
                code { "otel_metrics_sum" } ". Times are in UTC. " code { "{name:Type}" } " in the statement becomes a field."
            }
            ul {
                // `external`: the editor reads the statement when the page loads.
                @for (title, sql) in EXAMPLES {
                    li { a href=(View::default().with(vec![(SQL.into(), sql.into())]).href()) rel="external" { (title) } }
                }
            }
        }
    }
}
