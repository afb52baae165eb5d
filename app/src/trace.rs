//! Orders the spans of a trace by which span called which.

use lakefront_api::{QueryInfo, QueryReply, instant};
use serde_json::Value;

/// The position of one span in the drawing of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The index of the span's row in the reply.
    pub row: usize,
    /// The number of spans above this one.
    pub depth: usize,
    /// The begin of the span in microseconds after the first span's.
    pub start: f64,
    /// The duration in microseconds.
    pub length: f64,
}

/// Returns the spans, each parent before its children, and the duration of the whole trace in microseconds. A span
/// whose parent is missing has depth 0.
pub fn spans(info: &QueryInfo, reply: &QueryReply) -> (Vec<Span>, f64) {
    let column = |name: &str| reply.columns.iter().position(|column| column.name == name);
    let text = |row: usize, at: Option<usize>| reply.rows[row].get(at?).and_then(Value::as_str);
    let (time, length) = (
        column(&info.chart.x),
        info.chart.y.first().and_then(|name| column(name)),
    );
    let (id, parent) = (column("span_id"), column("parent_span_id"));
    let begin = |row: usize| {
        text(row, time)
            .and_then(instant::time)
            .map(|time| time.as_microsecond() as f64)
    };
    let rows = 0..reply.rows.len();
    let first = rows.clone().filter_map(begin).fold(f64::INFINITY, f64::min);
    let parents: Vec<Option<usize>> = rows
        .clone()
        .map(|row| {
            let wanted = text(row, parent).filter(|id| !id.is_empty())?;
            rows.clone()
                .find(|&other| other != row && text(other, id) == Some(wanted))
        })
        .collect();
    let mut ordered: Vec<Span> = Vec::new();
    let mut waiting: Vec<(usize, usize)> = rows
        .clone()
        .rev()
        .filter(|&row| parents[row].is_none())
        .map(|row| (row, 0))
        .collect();
    while let Some((row, depth)) = waiting.pop() {
        let millis = length.and_then(|at| reply.rows[row].get(at)?.as_f64());
        ordered.push(Span {
            row,
            depth,
            start: begin(row).map_or(0.0, |begin| begin - first),
            length: millis.unwrap_or_default() * 1e3,
        });
        let children = rows.clone().rev().filter(|&child| parents[child] == Some(row));
        waiting.extend(children.map(|child| (child, depth + 1)));
    }
    let end = ordered
        .iter()
        .map(|span| span.start + span.length)
        .fold(1.0, f64::max);
    (ordered, end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn children_follow_their_parents_and_circles_end() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "t", "title": "", "description": "", "bucket": "exact", "params": [], "order": "", "columns": [],
            "chart": { "kind": "waterfall", "x": "time", "y": ["duration_ms"] }
        }))
        .unwrap();
        let columns = ["time", "duration_ms", "span_id", "parent_span_id"];
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "String" }))
            .collect();
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": columns,
            "rows": [
                ["2026-03-24T12:00:00Z", 100, "a", ""],
                ["2026-03-24T12:00:00.01Z", 5, "b", "a"],
                ["2026-03-24T12:00:00.02Z", 200, "orphan", "gone"],
                ["2026-03-24T12:00:00.03Z", 1, "c", "a"],
                ["2026-03-24T12:00:00.03Z", 1, "d", "b"],
                ["2026-03-24T12:00:00.03Z", 1, "self", "self"],
                ["2026-03-24T12:00:00.04Z", 1, "x", "y"], ["2026-03-24T12:00:00.04Z", 1, "y", "x"]
            ],
            "truncated": false, "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let (spans, end) = spans(&info, &reply);
        let order: Vec<_> = spans.iter().map(|span| (span.row, span.depth)).collect();
        // Two spans that are each other's parents are in no tree: the table has them.
        assert_eq!(order, [(0, 0), (1, 1), (4, 2), (3, 1), (2, 0), (5, 0)]);
        assert_eq!((spans[1].start, end), (10_000.0, 220_000.0));
    }
}
