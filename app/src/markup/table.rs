use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::words;
use maud::{Markup, html};

use crate::cell::Kind;

/// More rows than this are not shown: nobody reads them, and every one costs the page.
const SHOWN: usize = 300;

/// The rows of a reply.
pub fn table(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> Markup {
    let kind = |column: &lakefront_api::Column| {
        let known = info.columns.iter().find(|known| known.name == column.name);
        Kind::of(
            &column.name,
            &column.data_type,
            known.map_or("", |known| &known.unit),
        )
    };
    let kinds: Vec<_> = reply.columns.iter().map(kind).collect();
    html! {
        div.table role="region" tabindex="0" aria-label={ (info.title) ": table" } {
            table {
                thead {
                    tr {
                        @for (column, kind) in reply.columns.iter().zip(&kinds) {
                            th.(kind.class()) scope="col" { (words(&column.name)) }
                        }
                    }
                }
                tbody {
                    @for row in reply.rows.iter().take(SHOWN) {
                        tr {
                            @for (value, kind) in row.iter().zip(&kinds) {
                                @let shown = kind.show(value, zone);
                                // The style sheet shortens identifiers.
                                td.(kind.class()) title=[(*kind == Kind::Id).then_some(&shown)] { (shown) }
                            }
                        }
                    }
                }
            }
        }
        @if reply.rows.len() > SHOWN {
            p.more { "The first " (SHOWN) " of " (reply.rows.len()) " rows." }
        }
        @if reply.truncated {
            p.more { "The answer was longer than the limit and was cut: choose a shorter range." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_break_out_of_the_table() {
        let info: QueryInfo = serde_json::from_value(serde_json::json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "params": [], "order": "",
            "columns": [], "chart": { "kind": "table" }
        }))
        .unwrap();
        let reply: QueryReply = serde_json::from_value(serde_json::json!({
            "columns": [{ "name": "last_message", "type": "String" }, { "name": "trace_id", "type": "String" }],
            "rows": [["<script>alert(1)</script>&amp;", "\" onclick=\"alert(1)"]], "truncated": true,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let html = table(&info, &reply, &Zone::utc()).into_string();
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"),
            "{html}"
        );
        assert!(html.contains("title=\"&quot; onclick=&quot;alert(1)\""), "{html}");
        assert!(html.contains("was cut"), "{html}");
    }
}
