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
    trace::{Span, spans},
};

/// Renders the spans of a trace, each below its caller, with the time in which it ran.
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
                }
                span.track { i style={ "left:" (percent(span.start)) ";width:" (percent(span.length)) } {} }
                span.took { (Unit::Millis.full(span.length / 1e3)) }
            }
        }
    };
    let (lines, more) = first_rows(spans.iter().map(line), spans.len(), context);
    html! {
        ol.waterfall aria-label=(info.title) { (lines) }
        (more)
        (folded_table(info, reply, zone, context))
    }
}
