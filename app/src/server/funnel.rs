//! The funnel. Only the server has this code.

use std::collections::BTreeMap;

use lakefront_api::{QueryInfo, QueryReply};
use lakefront_chart::{Unit, count, words};
use maud::{Markup, html};
use serde_json::Value;

/// Renders the steps of a funnel and what is lost between them, summed over all days of the reply.
pub fn funnel(info: &QueryInfo, reply: &QueryReply) -> Markup {
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
    }
}

/// Returns the names and sums of the steps, in their order.
fn steps(info: &QueryInfo, reply: &QueryReply) -> Vec<(String, f64)> {
    let column = |name: &String| reply.columns.iter().position(|column| column.name == *name);
    let chart = &info.chart;
    let (Some(x), Some(y), Some(at)) = (
        column(&chart.x),
        chart.y.first().and_then(column),
        chart.series.first().and_then(column),
    ) else {
        return Vec::new();
    };
    // A funnel may have the same step twice.
    let mut steps = BTreeMap::new();
    for row in &reply.rows {
        let (Some(label), Some(number), Some(at)) = (
            row.get(x).and_then(Value::as_str),
            row.get(y).and_then(Value::as_f64),
            row.get(at).and_then(Value::as_u64),
        ) else {
            continue;
        };
        steps.entry(at).or_insert_with(|| (label.to_owned(), 0.0)).1 += number;
    }
    steps.into_values().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn days_are_added_up_and_losses_named() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "funnel", "title": "Funnel", "description": "", "bucket": "day", "params": [], "order": "",
            "columns": [], "chart": { "kind": "funnel", "x": "label", "y": ["sessions"], "series": ["step"] }
        }))
        .unwrap();
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [{ "name": "label", "type": "String" }, { "name": "sessions", "type": "UInt64" }, { "name": "step", "type": "UInt8" }],
            "rows": [["Visit", 60, 1], ["Order", 6, 3], ["Visit", 20, 2], ["Visit", 40, 1], ["Order", 4, 3], ["Visit", 10, 2]], "truncated": false,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert_eq!(
            steps(&info, &reply),
            [
                ("Visit".into(), 100.0),
                ("Visit".into(), 30.0),
                ("Order".into(), 10.0)
            ]
        );
        let html = funnel(&info, &reply).into_string();
        assert!(html.contains("70 % lost, 70 sessions"), "{html}");
        assert!(html.contains("width:10.0%"), "{html}");
    }
}
