//! The table of a reply's rows.

use lakefront_api::{Column, QueryInfo, QueryReply, Zone};
use lakefront_chart::{spark, words};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use crate::{cell_format::CellFormat, page_index::LinkTarget, render_context::RenderContext};

/// The most rows that are shown. Nobody reads more, and each row makes the page larger.
const SHOWN: usize = 300;

/// Renders the rows of a reply.
pub fn table(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let format = |column: &Column| {
        let known = info.columns.iter().find(|known| known.name == column.name);
        let unit = known.map_or("", |known| &known.unit);
        CellFormat::of(&column.name, &column.data_type, unit)
    };
    let formats: Vec<_> = reply.columns.iter().map(format).collect();
    let targets: Vec<_> = reply
        .columns
        .iter()
        .map(|column| context.link_target(&column.name))
        .collect();
    let shown = |at: &usize| formats[*at] != CellFormat::Hidden;
    let columns: Vec<usize> = (0..formats.len()).filter(shown).collect();
    html! {
        div.table role="region" tabindex="0" aria-label={ (info.title) ": table" } {
            table {
                thead {
                    tr {
                        @for &at in &columns {
                            th.(formats[at].class()) scope="col" { (words(&reply.columns[at].name)) }
                        }
                    }
                }
                // Values are names for programs and must not be translated. Sentences may be.
                tbody translate="no" {
                    @for row in reply.rows.iter().take(SHOWN) {
                        tr {
                            @for &at in &columns {
                                @if let Some(value) = row.get(at) {
                                    (cell(formats[at], value, zone, targets[at].as_ref()))
                                }
                            }
                        }
                    }
                }
            }
        }
        @if reply.rows.len() > SHOWN {
            p.more { "The first " (SHOWN) " of " (reply.rows.len()) " rows." }
        }
    }
}

/// Renders a value, as a link if its column links somewhere.
fn cell(format: CellFormat, value: &Value, zone: &Zone, target: Option<&LinkTarget>) -> Markup {
    let shown = format.show(value, zone);
    let link = target.and_then(|target| target.href(value.as_str()?));
    html! {
        // The title has the whole identifier, because the style sheet shortens it.
        td.(format.class()) title=[(format == CellFormat::Id).then_some(&shown)] translate=[(format == CellFormat::Prose).then_some("yes")] {
            @match format {
                CellFormat::Trend => (trend(value)),
                CellFormat::Mark => span.state.(shown.to_ascii_lowercase()) { (shown) },
                CellFormat::Lines if shown != "–" => details { summary { "Show" } pre tabindex="0" { (shown) } },
                _ => @match link {
                    Some(href) => a href=(href) data-noscroll[href.starts_with('?')] { (shown) },
                    None => (shown),
                }
            }
        }
    }
}

fn trend(value: &Value) -> Markup {
    let values: Vec<f64> = value
        .as_array()
        .map(|values| values.iter().filter_map(Value::as_f64).collect())
        .unwrap_or_default();
    PreEscaped(spark(&values))
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn cells_cannot_break_out_of_the_table() {
        let info: QueryInfo = serde_json::from_value(serde_json::json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "params": [], "order": "",
            "columns": [], "chart": { "kind": "table" }
        }))
        .unwrap();
        let evil = "\" onclick=\"alert(1)";
        let reply: QueryReply = serde_json::from_value(serde_json::json!({
            "columns": [
                { "name": "last_message", "type": "String" }, { "name": "trace_id", "type": "String" },
                { "name": "state", "type": "String" }, { "name": "trend", "type": "Array(UInt64)" },
                { "name": "row_id", "type": "Int64" }
            ],
            "rows": [["<script>alert(1)</script>&amp;", evil, evil, [1, evil, null], 1]], "truncated": true,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let context = RenderContext {
            pages: &PageIndex::new([].as_slice().into(), false),
            page: Page::Errors,
            view: &View::default(),
            open: &[],
            off: &[],
        };
        let html = table(&info, &reply, &Zone::utc(), &context).into_string();
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"),
            "{html}"
        );
        assert!(html.contains("title=\"&quot; onclick=&quot;alert(1)\""), "{html}");
        assert!(!html.contains("\" onclick"), "{html}");
        assert!(!html.contains("row id"), "{html}");
    }
}
