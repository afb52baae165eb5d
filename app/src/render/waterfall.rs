//! The waterfall of a trace.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::Unit;
use maud::{Markup, html};

use super::{
    figure::folded_table,
    table::{LONGEST, cut, first_rows},
};
use crate::{
    render_context::RenderContext,
    trace::{Flaw, Span, spans},
    view::key,
};

/// Renders the spans of a trace, each below its caller, with the time in which it ran. Above them is what is wrong with the
/// trace, and what is left out.
pub fn waterfall(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let (spans, whole) = spans(info, reply);
    let text = |row: usize, name: &str| {
        let at = reply.columns.iter().position(|column| column.name == name);
        at.and_then(|at| reply.rows[row].get(at)?.as_str())
            .unwrap_or_default()
    };
    let percent = |part: f64| format!("{:.2}%", part / whole * 100.0);
    let line = |span: &Span| {
        let failed = text(span.row, "status") == "Error" || !text(span.row, "error_type").is_empty();
        html! {
            li.failed[failed] {
                span.called style={ "padding-left:" (span.depth.min(12)) "em" } {
                    @for (at, name) in info.chart.series.iter().enumerate() {
                        @if at > 0 { " " }
                        b { (cut(text(span.row, name), LONGEST)) }
                    }
                    @if failed {
                        " " span.state.error { "failed" } " " (cut(text(span.row, "error_type"), LONGEST))
                        " " (cut(text(span.row, "error_message"), LONGEST))
                    }
                    @if let Some(flaw) = span.flaw { " " span.state.flaw { (flaw.words().0) } }
                    @if let Some(early) = span.early { " " span.state.flaw { (Unit::Millis.full(early / 1e3)) " before its caller" } }
                }
                span.track { i style={ "left:" (percent(span.start)) ";width:" (percent(span.length)) } {} }
                span.took { (Unit::Millis.full(span.length / 1e3)) }
            }
        }
    };
    let (lines, more) = first_rows(spans.iter().map(line), spans.len(), context);
    let notes = notes(info, &spans, context);
    html! {
        @if !notes.is_empty() { ul.flaws { @for note in &notes { li { (note) } } } }
        ol.waterfall aria-label=(info.title) { (lines) }
        (more)
        (folded_table(info, reply, zone, context))
    }
}

/// Returns sentences about the spans that may be in the wrong place, and about those that are left out.
fn notes(info: &QueryInfo, spans: &[Span], context: &RenderContext<'_>) -> Vec<String> {
    let counted = |count: usize| match count {
        1 => "1 span".to_owned(),
        count => format!("{} spans", lakefront_chart::count(count as f64)),
    };
    let mut notes = Vec::new();
    let limit = info.params.iter().find(|param| param.name == "limit");
    if let Some(limit) = limit {
        let chosen = context.view.param(&key(info, limit)).parse().ok();
        let chosen = chosen.or_else(|| limit.default.as_ref()?.as_u64());
        if chosen.is_some_and(|chosen| spans.len() as u64 >= chosen) {
            let limit = lakefront_chart::count(limit.max as f64);
            notes.push(format!(
                "The first {} of the trace. It may have more: limit takes up to {limit}.",
                counted(spans.len())
            ));
        }
    }
    for flaw in Flaw::ALL {
        let count = spans.iter().filter(|span| span.flaw == Some(flaw)).count();
        if count > 0 {
            notes.push(format!("{} {}.", counted(count), flaw.words().1));
        }
    }
    let early = spans.iter().filter(|span| span.early.is_some()).count();
    if early > 0 {
        let most = spans.iter().filter_map(|span| span.early).fold(0.0, f64::max);
        let most = Unit::Millis.full(most / 1e3);
        notes.push(format!(
            "{} before the caller, by up to {most}: the clocks of their services differ.",
            counted(early)
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;
    use serde_json::json;

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn what_is_wrong_and_what_is_left_out_is_said() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "t", "title": "Spans", "description": "", "bucket": "exact", "order": "", "columns": [],
            "params": [{ "name": "limit", "kind": "integer", "default": 4, "max": 5000, "description": "" }],
            "chart": { "kind": "waterfall", "x": "time", "y": ["duration_ms"], "series": ["name"] }
        }))
        .unwrap();
        let columns = ["time", "duration_ms", "span_id", "parent_span_id", "name"];
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "String" }))
            .collect();
        let drawn = |rows: serde_json::Value| {
            let reply: QueryReply = serde_json::from_value(json!({
                "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
                "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
            }))
            .unwrap();
            let context = RenderContext {
                pages: &PageIndex::new([].as_slice().into(), false),
                page: Page::Trace,
                view: &View::default(),
                open: &[],
                off: &[],
            };
            waterfall(&info, &reply, &Zone::utc(), &context).into_string()
        };
        let good = drawn(json!([["2026-03-24T12:00:00Z", 5, "a", "", "GET /"]]));
        assert!(!good.contains("flaw"), "{good}");
        let bad = drawn(json!([
            ["2026-03-24T12:00:00Z", 5, "child", "a", "<early>"],
            ["2026-03-24T12:00:01Z", 5, "a", "gone", "late"],
            ["2026-03-24T12:00:01Z", 5, "x", "x", "own caller"],
            ["2026-03-24T12:00:01Z", 5, "a", "child", "again"]
        ]));
        for note in [
            "<li>The first 4 spans of the trace. It may have more: limit takes up to 5,000.</li>",
            "<li>1 span with a caller that is not among these spans.</li>",
            "<li>1 span called in a circle.</li>",
            "<li>1 span with the id of an earlier one.</li>",
            "<li>1 span before the caller, by up to 1 s: the clocks of their services differ.</li>",
            "<span class=\"state flaw\">1 s before its caller</span>",
        ] {
            assert!(bad.contains(note), "{note}: {bad}");
        }
        assert_eq!(bad.matches("class=\"track\"").count(), 4);
    }
}
