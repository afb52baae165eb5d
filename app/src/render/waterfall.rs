//! The waterfall of a trace.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::Unit;
use maud::{Markup, html};

use super::figure::folded_table;
use crate::{render_context::RenderContext, trace::spans};

/// Renders the spans of a trace, each below its caller, with the time in which it ran.
pub fn waterfall(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let (spans, whole) = spans(info, reply);
    let text = |row: usize, name: &str| {
        let at = reply.columns.iter().position(|column| column.name == name);
        at.and_then(|at| reply.rows[row].get(at)?.as_str())
            .unwrap_or_default()
    };
    let percent = |part: f64| format!("{:.2}%", part / whole * 100.0);
    html! {
        ol.waterfall aria-label=(info.title) {
            @for span in &spans {
                @let failed = text(span.row, "status") == "Error" || !text(span.row, "error_type").is_empty();
                li.failed[failed] {
                    span.called style={ "padding-left:" (span.depth.min(12)) "em" } {
                        @for (at, name) in info.chart.series.iter().enumerate() {
                            @if at > 0 { " " }
                            b { (text(span.row, name)) }
                        }
                        @if failed {
                            " " span.state.error { "failed" } " " (text(span.row, "error_type")) " " (text(span.row, "error_message"))
                        }
                    }
                    span.track { i style={ "left:" (percent(span.start)) ";width:" (percent(span.length)) } {} }
                    span.took { (Unit::Millis.full(span.length / 1e3)) }
                }
            }
        }
        (folded_table(info, reply, zone, context))
    }
}
