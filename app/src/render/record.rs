//! The rows of a reply one at a time.

use std::cmp::min;

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::count;
use maud::{Markup, html};
use serde_json::Value;

use super::{facts::strip, figure::folded_table};
use crate::render_context::RenderContext;

/// Returns the name in the URL of the row that is shown: its time and its id, `2026-03-24T10:00:00Z~7`.
pub fn row_key(info: &QueryInfo) -> String {
    format!("{}.row", info.name)
}

/// Renders the row that the URL names as a strip, with links to the rows beside it, and all rows as a folded table. Without
/// a name it is the first row.
pub fn record(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let name = |row: &[Value]| {
        let text = |column: &str| {
            let at = reply.columns.iter().position(|known| known.name == column);
            let value = at.and_then(|at| row.get(at)).unwrap_or(&Value::Null);
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        format!("{}~{}", text(&info.chart.x), text("row_id"))
    };
    let (key, rows) = (row_key(info), &reply.rows);
    let named = context.view.param(&key);
    let at = rows.iter().position(|row| name(row) == named);
    let lost = at.is_none() && !named.is_empty();
    let at = min(at.unwrap_or_default(), rows.len() - 1);
    let step = |to: Option<&Vec<Value>>, rel: &str, label: &str| {
        let to = to.map(|row| name(row));
        html! {
            @match to {
                Some(to) => a href=(context.view.with(vec![(key.clone(), to.clone())]).href()) rel=(rel) data-field=(key) data-value=(to) data-noscroll { (label) },
                None => span aria-disabled="true" { (label) }
            }
        }
    };
    html! {
        nav.stepper aria-label=(info.title) {
            (step(at.checked_sub(1).and_then(|at| rows.get(at)), "prev", "← Newer"))
            span role="status" { (count(at as f64 + 1.0)) " of " (count(rows.len() as f64)) }
            (step(rows.get(at + 1), "next", "Older →"))
        }
        @if lost { p.note { "The row that the address names is not among these. This is the first." } }
        (strip(info, reply, &rows[at], zone, context))
        (folded_table(info, reply, zone, context))
    }
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;
    use serde_json::json;

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn a_record_steps_through_its_rows_and_ends_at_both_ends() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "q", "title": "Q", "description": "", "bucket": "exact", "order": "", "columns": [], "params": [],
            "chart": { "kind": "record", "x": "time" }
        }))
        .unwrap();
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [
                { "name": "time", "type": "DateTime64(6, 'UTC')" }, { "name": "stack", "type": "String" },
                { "name": "row_id", "type": "Int64" }
            ],
            "rows": [["2026-03-24T10:00:02Z", "at <c>", 7], ["2026-03-24T10:00:01Z", "at b", 7], ["2026-03-24T10:00:01Z", "", 6]],
            "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let pages = PageIndex::new(vec![info.clone()].into(), false);
        let shown = |row: &str| {
            let view = View {
                params: vec![("q.row".into(), row.into())],
                ..View::default()
            };
            let context = RenderContext {
                pages: &pages,
                page: Page::Error,
                view: &view,
                open: &[],
            };
            record(&info, &reply, &Zone::utc(), &context).into_string()
        };
        let first = shown("");
        assert!(
            first.contains("1 of 3") && first.contains("at &lt;c&gt;"),
            "{first}"
        );
        assert!(
            !first.contains("rel=\"prev\"") && first.contains("data-value=\"2026-03-24T10:00:01Z~7\""),
            "{first}"
        );
        let last = shown("2026-03-24T10:00:01Z~6");
        assert!(
            last.contains("3 of 3") && !last.contains("rel=\"next\""),
            "{last}"
        );
        assert!(
            !last.contains("<pre"),
            "a row without a stack has no place for one: {last}"
        );
        let gone = shown("2026-03-01T00:00:00Z~1");
        assert!(
            gone.contains("1 of 3") && gone.contains("not among these"),
            "{gone}"
        );
    }
}
