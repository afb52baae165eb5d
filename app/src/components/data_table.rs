use std::fmt::Write;

use lakefront_api::{QueryInfo, QueryReply, Zone};
use leptos::prelude::*;

use crate::cell::Kind;

/// More rows than this are not shown: nobody reads them, and every one costs the page.
pub const SHOWN: usize = 300;

/// The rows of a reply. It is made as text, not of components: a page has thousands of cells and none of them moves.
#[component]
pub fn DataTable<'a>(info: &'a QueryInfo, reply: &'a QueryReply, zone: &'a Zone) -> impl IntoView + use<> {
    let more = reply.rows.len().saturating_sub(SHOWN);
    let note = (more > 0).then(|| view! { <p class="more">{format!("The first {SHOWN} of {} rows.", SHOWN + more)}</p> });
    let cut = reply.truncated.then(|| {
        view! { <p class="more">"The answer was longer than the limit and was cut: choose a shorter range."</p> }
    });
    view! {
        <div
            class="table"
            role="region"
            tabindex="0"
            aria-label=format!("{}: table", info.title)
            inner_html=html(info, reply, zone)
        ></div>
        {note}
        {cut}
    }
}

fn html(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> String {
    let kinds: Vec<_> = reply.columns.iter().map(|column| {
        let known = info.columns.iter().find(|known| known.name == column.name);
        Kind::of(&column.name, &column.data_type, known.map_or("", |known| &known.unit))
    }).collect();
    let mut out = String::from("<table><thead><tr>");
    for (column, kind) in reply.columns.iter().zip(&kinds) {
        let _ = write!(out, r#"<th scope="col" class="{}">"#, kind.class());
        escape(&lakefront_chart::words(&column.name), &mut out);
    }
    out.push_str("<tbody>");
    for row in reply.rows.iter().take(SHOWN) {
        out.push_str("<tr>");
        for (value, kind) in row.iter().zip(&kinds) {
            let _ = write!(out, r#"<td class="{}">"#, kind.class());
            escape(&kind.show(value, zone), &mut out);
        }
    }
    out.push_str("</table>");
    out
}

/// Escapes text for HTML.
fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            char => out.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use lakefront_api::{BackendKind, Column, Reason, Stats};

    use super::*;

    #[test]
    fn cells_cannot_break_out_of_the_table() {
        let info: QueryInfo = serde_json::from_value(serde_json::json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "params": [], "order": "",
            "columns": [], "chart": { "kind": "table" }
        })).unwrap();
        let reply = QueryReply {
            columns: vec![Column { name: "last_message".into(), data_type: "String".into() }],
            rows: vec![vec!["<script>alert(1)</script>&amp;".into()]],
            truncated: false,
            backend: BackendKind::Chdb,
            region: None,
            reason: Reason::NoClickhouse,
            range: None,
            as_of: None,
            lag_seconds: None,
            elapsed_ms: 0.0,
            backend_ms: 0.0,
            stats: Stats::default(),
        };
        assert_eq!(
            html(&info, &reply, &Zone::utc()),
            "<table><thead><tr><th scope=\"col\" class=\"text\">last message<tbody><tr>\
             <td class=\"text\">&lt;script>alert(1)&lt;/script>&amp;amp;</table>"
        );
    }
}
