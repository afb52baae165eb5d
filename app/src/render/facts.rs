//! The facts about one value: the single row of a query on the page about that value.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::words;
use maud::{Markup, html};
use serde_json::Value;

use super::table::{LONGEST_LINES, Titled, content, cut, formats};
use crate::{cell_format::CellFormat, render_context::RenderContext};

/// Renders the single row of a reply as a strip of names and values, if the row is about the value of the page.
pub fn facts(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    context: &RenderContext<'_>,
) -> Option<Markup> {
    let [row] = reply.rows.as_slice() else { return None };
    let formats = formats(info, reply);
    let columns = || reply.columns.iter().zip(row).zip(&formats).enumerate();
    let mut about = columns()
        .filter(|(_, ((column, _), _))| context.pages.page_about(&column.name) == Some(context.page));
    if !about.any(|(_, ((column, value), _))| value.as_str() == Some(context.view.param(&column.name))) {
        return None;
    }
    Some(strip(info, reply, row, zone, context))
}

/// Renders a row of a reply as a strip of names and values. Text of many lines is below it, in whole.
pub fn strip(
    info: &QueryInfo,
    reply: &QueryReply,
    row: &[Value],
    zone: &Zone,
    context: &RenderContext<'_>,
) -> Markup {
    let formats = formats(info, reply);
    let titled = Titled::of(reply);
    let now = reply.answered_at();
    let shown = reply.columns.iter().zip(row).zip(&formats).enumerate();
    let shown = shown.filter(|(at, (_, format))| {
        **format != CellFormat::Hidden && titled.is_none_or(|titled| !titled.has(*at))
    });
    let (long, short): (Vec<_>, Vec<_>) = shown.partition(|(_, (_, format))| **format == CellFormat::Lines);
    html! {
        @if let Some(titled) = titled {
            @let (kind, message, title) = titled.texts(row);
            p.fact-title translate="no" title=[title] { b { (kind) } @if !message.is_empty() { " – " (message) } }
        }
        dl.facts translate="no" {
            @for (_, ((column, value), format)) in short {
                @let target = context.link_target(&column.name);
                @let (title, content) = content(*format, value, zone, target.as_ref(), now);
                div { dt { (words(&column.name)) } dd title=[title] { (content) } }
            }
        }
        @for (_, ((column, value), _)) in long {
            @let text = cut(value.as_str().unwrap_or_default(), LONGEST_LINES);
            @if !text.is_empty() { pre.lines translate="no" tabindex="0" aria-label=(words(&column.name)) { (text) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;
    use serde_json::{Value, json};

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn one_row_about_the_value_of_the_page_is_a_strip_with_a_bounded_title() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "order": "", "columns": [],
            "params": [{ "name": "error_group", "kind": "text", "max": 300, "description": "" }],
            "chart": { "kind": "table" }, "panels": [{ "page": "error", "position": 1, "wide": true }]
        }))
        .unwrap();
        let pages = PageIndex::new(vec![info.clone()].into(), false);
        let drawn = |rows: Value, shown: &str| {
            let reply: QueryReply = serde_json::from_value(json!({
                "columns": [
                    { "name": "error_group", "type": "String" }, { "name": "error_type", "type": "String" },
                    { "name": "last_message", "type": "String" }, { "name": "errors", "type": "UInt64" }
                ],
                "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
                "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
            }))
            .unwrap();
            let context = RenderContext {
                pages: &pages,
                page: Page::Error,
                view: &View {
                    params: vec![("error_group".into(), shown.into())],
                    ..View::default()
                },
                open: &[],
            };
            facts(&info, &reply, &Zone::utc(), &context).map(Markup::into_string)
        };
        let row = json!(["g", "TypeError", "x".repeat(100_000), 7]);
        let html = drawn(json!([row]), "g").unwrap();
        assert!(html.contains("<b>TypeError</b> – x"), "{html}");
        assert!(html.contains("<dt>errors</dt><dd>7</dd>"), "{html}");
        assert!(html.len() < 2_000, "{}", html.len());
        assert_eq!(drawn(json!([row]), "another"), None);
        assert_eq!(drawn(json!([row, row]), "g"), None);
    }
}
