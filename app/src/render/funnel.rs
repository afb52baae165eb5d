//! The funnel.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Unit, count, words};
use maud::{Markup, html};

use super::figure::folded_table;
use crate::render_context::RenderContext;

/// Renders the steps of a funnel and what is lost between them, summed over all days of the reply.
pub fn funnel(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let steps = steps(info, reply);
    let first = steps.first().map_or(0.0, |step| step.1);
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let counted = info.chart.y.first().map(|name| words(name)).unwrap_or_default();
    html! {
        ol.funnel aria-label=(info.title) {
            @for (at, (label, number)) in steps.iter().enumerate() {
                li {
                    @if let Some((_, before)) = at.checked_sub(1).and_then(|at| steps.get(at)) {
                        p.drop { "▼ " (Unit::Share.full(1.0 - share(*number, *before))) " lost, " (count(before - number)) " " (counted) }
                    }
                    div.step {
                        // The bar repeats the numbers beside it.
                        i style={ "width:" (format!("{:.1}", share(*number, first) * 100.0)) "%" } {}
                        b { (label) }
                        span { (count(*number)) " " (counted) }
                        span { (Unit::Share.full(share(*number, first))) }
                    }
                }
            }
        }
        (folded_table(info, reply, zone, context))
    }
}

/// Returns the names and sums of the steps, in the order in which they first appear.
fn steps(info: &QueryInfo, reply: &QueryReply) -> Vec<(String, f64)> {
    let column = |name: &str| reply.columns.iter().position(|column| column.name == name);
    let (Some(x), Some(y)) = (
        column(&info.chart.x),
        info.chart.y.first().and_then(|name| column(name)),
    ) else {
        return Vec::new();
    };
    let mut steps: Vec<(String, f64)> = Vec::new();
    for row in &reply.rows {
        let (Some(label), Some(number)) = (row.get(x).and_then(|cell| cell.as_str()), row.get(y)) else {
            continue;
        };
        let number = number.as_f64().unwrap_or_default();
        match steps.iter_mut().find(|step| step.0 == label) {
            Some(step) => step.1 += number,
            None => steps.push((label.to_owned(), number)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;
    use serde_json::json;

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn days_are_added_up_and_losses_named() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "funnel", "title": "Funnel", "description": "", "bucket": "day", "params": [], "order": "",
            "columns": [], "chart": { "kind": "funnel", "x": "label", "y": ["sessions"] }
        }))
        .unwrap();
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [{ "name": "label", "type": "String" }, { "name": "sessions", "type": "UInt64" }],
            "rows": [["Visit", 60], ["Order", 6], ["Visit", 40], ["Order", 4]], "truncated": false,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert_eq!(
            steps(&info, &reply),
            [("Visit".into(), 100.0), ("Order".into(), 10.0)]
        );
        let context = RenderContext {
            pages: &PageIndex::new([].as_slice().into(), false),
            page: Page::Web,
            view: &View::default(),
            open: &[],
            off: &[],
        };
        let html = funnel(&info, &reply, &Zone::utc(), &context).into_string();
        assert!(html.contains("90 % lost, 90 sessions"), "{html}");
        assert!(html.contains("width:10.0%"), "{html}");
    }
}
