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
    /// The fault of the span's place in the trace, if it has one.
    pub flaw: Option<Flaw>,
    /// The time in microseconds by which the span began before the one that called it. Their clocks differ.
    pub early: Option<f64>,
    /// True if the trace would have ended earlier, had this span been shorter: it is on the critical path.
    pub is_critical: bool,
}

/// The reason why a span may be in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The reply does not have the span that called this one.
    NoParent,
    /// The span is called by itself, or by one that it calls.
    Circle,
    /// An earlier span has the same id. The spans that were called by this id are below that one.
    Duplicate,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 3] = [Self::NoParent, Self::Circle, Self::Duplicate];

    /// Returns the flaw in words, for one span and for a number of spans.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoParent => ("caller missing", "with a caller that is not among these spans"),
            Self::Circle => ("called in a circle", "called in a circle"),
            Self::Duplicate => ("id used twice", "with the id of an earlier one"),
        }
    }
}

/// Returns the spans, each once and after the one that called it, and the duration of the whole trace in microseconds. A
/// span whose caller is missing, or that is called in a circle, has depth 0.
pub fn spans(info: &QueryInfo, reply: &QueryReply) -> (Vec<Span>, f64) {
    let column = |name: &str| reply.columns.iter().position(|column| column.name == name);
    let text = |row: usize, at: Option<usize>| reply.rows[row].get(at?).and_then(Value::as_str);
    let (time, length) = (
        column(&info.chart.x),
        info.chart.y.first().and_then(|name| column(name)),
    );
    let (id, parent) = (column("span_id"), column("parent_span_id"));
    let count = reply.rows.len();
    let begins: Vec<Option<f64>> = (0..count)
        .map(|row| Some(instant::time(text(row, time)?)?.as_microsecond() as f64))
        .collect();
    let first = begins.iter().flatten().copied().fold(f64::INFINITY, f64::min);

    let named = |at: Option<usize>| {
        let mut rows: Vec<_> = (0..count)
            .filter_map(|row| Some((text(row, at).filter(|text| !text.is_empty())?, row)))
            .collect();
        rows.sort_unstable();
        rows
    };
    let (ids, calls) = (named(id), named(parent));
    // The first row of an id.
    let of_id = |wanted: &str| {
        let at = ids.partition_point(|(id, _)| *id < wanted);
        ids.get(at).filter(|(id, _)| *id == wanted).map(|(_, row)| *row)
    };
    let is_first = |row: usize| text(row, id).and_then(of_id).is_none_or(|first| first == row);
    let parents: Vec<Option<usize>> = (0..count)
        .map(|row| text(row, parent).filter(|text| !text.is_empty()).and_then(of_id))
        .collect();

    let mut ordered: Vec<Span> = Vec::with_capacity(count);
    let mut is_drawn = vec![false; count];
    // Where there is no way down from a span without a caller, there is a circle: it begins with its earliest span.
    let callerless = (0..count).filter(|&row| parents[row].is_none());
    let roots: Vec<_> = callerless.chain(0..count).collect();
    for root in roots {
        let mut waiting = vec![(root, 0)];
        while let Some((row, depth)) = waiting.pop() {
            if std::mem::replace(&mut is_drawn[row], true) {
                continue;
            }
            let caller = parents[row];
            let wanted = text(row, parent).is_some_and(|text| !text.is_empty());
            let flaw = match caller {
                None if wanted => Some(Flaw::NoParent),
                Some(_) if depth == 0 => Some(Flaw::Circle),
                _ if !is_first(row) => Some(Flaw::Duplicate),
                _ => None,
            };
            let early = caller
                .filter(|_| depth > 0)
                .and_then(|caller| Some(begins[caller]? - begins[row]?));
            let millis = length.and_then(|at| reply.rows[row].get(at)?.as_f64());
            ordered.push(Span {
                row,
                depth,
                start: begins[row].map_or(0.0, |begin| begin - first),
                length: millis.unwrap_or_default() * 1e3,
                flaw,
                early: early.filter(|early| *early > 0.0),
                is_critical: false,
            });
            // Of spans with the same id, the first has the children.
            if let Some(own) = text(row, id).filter(|_| is_first(row)) {
                let from = calls.partition_point(|(called, _)| *called < own);
                let children = calls[from..].iter().take_while(|(called, _)| *called == own);
                let children: Vec<_> = children.map(|(_, child)| (*child, depth + 1)).collect();
                waiting.extend(children.into_iter().rev());
            }
        }
    }
    let end = ordered
        .iter()
        .map(|span| span.start + span.length)
        .fold(1.0, f64::max);
    mark_critical(&mut ordered);
    (ordered, end)
}

/// Marks the critical path of each root: the root, and of the spans that it waited for, going back from its end, each that was
/// the last to end.
fn mark_critical(spans: &mut [Span]) {
    // The spans whose path is to be followed, each with the time until which somebody waited for it.
    let roots = spans.iter().enumerate().filter(|(_, span)| span.depth == 0);
    let mut open: Vec<(usize, f64)> = roots.map(|(root, _)| (root, f64::INFINITY)).collect();
    while let Some((at, until)) = open.pop() {
        spans[at].is_critical = true;
        let (depth, start) = (spans[at].depth, spans[at].start);
        let mut waited = until.min(start + spans[at].length);
        let below = spans[at + 1..]
            .iter()
            .take_while(|span| span.depth > depth)
            .count();
        let mut children: Vec<usize> = (at + 1..=at + below)
            .filter(|&child| spans[child].depth == depth + 1)
            .collect();
        let end = |child: &usize| spans[*child].start + spans[*child].length;
        children.sort_by(|one, other| end(other).total_cmp(&end(one)));
        for child in children {
            // A child that ran on after it was waited for did not hold up the caller.
            if end(&child) <= waited && end(&child) > start {
                open.push((child, waited));
                waited = spans[child].start;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_critical_path_goes_back_from_the_end() {
        let (spans, _) = of(&[
            (0.0, 1_000.0, "root", ""),
            // Both ran at once: the root waited for the longer one.
            (0.1, 200.0, "short", "root"),
            (0.1, 400.0, "long", "root"),
            (0.2, 100.0, "within", "long"),
            (0.6, 300.0, "last", "root"),
            // It ended after the root.
            (0.7, 5_000.0, "left alone", "root"),
        ]);
        let critical: Vec<bool> = spans.iter().map(|span| span.is_critical).collect();
        assert_eq!(critical, [true, false, true, true, true, false]);
    }

    /// Returns the spans of rows: time within a minute, duration in milliseconds, id, caller.
    fn of(rows: &[(f64, f64, &str, &str)]) -> (Vec<Span>, f64) {
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
        let rows: Vec<_> = rows
            .iter()
            .map(|(second, length, id, parent)| {
                json!([format!("2026-03-24T12:00:{second:09.6}Z"), length, id, parent])
            })
            .collect();
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": columns, "rows": rows,
            "truncated": false, "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        spans(&info, &reply)
    }

    /// Returns row, depth and flaw of each span.
    fn places(spans: &[Span]) -> Vec<(usize, usize, Option<Flaw>)> {
        spans
            .iter()
            .map(|span| (span.row, span.depth, span.flaw))
            .collect()
    }

    #[test]
    fn children_follow_their_parents() {
        let (spans, end) = of(&[
            (0.0, 100.0, "a", ""),
            (0.01, 5.0, "b", "a"),
            (0.02, 200.0, "orphan", "gone"),
            (0.03, 1.0, "c", "a"),
            (0.03, 1.0, "d", "b"),
        ]);
        let expected = [
            (0, 0, None),
            (1, 1, None),
            (4, 2, None),
            (3, 1, None),
            (2, 0, Some(Flaw::NoParent)),
        ];
        assert_eq!(places(&spans), expected);
        assert_eq!((spans[1].start, end), (10_000.0, 220_000.0));
        assert!(spans.iter().all(|span| span.early.is_none()));
        assert_eq!(of(&[]), (Vec::new(), 1.0));
    }

    #[test]
    fn circles_are_drawn_from_their_earliest_span() {
        let (spans, _) = of(&[
            (0.0, 1.0, "x", "y"),
            (0.0, 1.0, "y", "z"),
            (0.0, 1.0, "z", "x"),
            (0.0, 1.0, "below", "y"),
            (0.0, 1.0, "self", "self"),
        ]);
        let expected = [
            (0, 0, Some(Flaw::Circle)),
            (2, 1, None),
            (1, 2, None),
            (3, 3, None),
            (4, 0, Some(Flaw::Circle)),
        ];
        assert_eq!(places(&spans), expected);
    }

    #[test]
    fn spans_of_the_same_id_are_both_drawn_and_the_first_has_the_children() {
        let (spans, _) = of(&[
            (0.0, 1.0, "a", ""),
            (0.0, 1.0, "b", "a"),
            (0.0, 1.0, "b", "a"),
            (0.0, 1.0, "child", "b"),
            // Without an id, and with an id that is its own caller, twice.
            (0.0, 1.0, "", "a"),
            (0.0, 1.0, "", "a"),
            (0.0, 1.0, "s", "s"),
            (0.0, 1.0, "s", "s"),
        ]);
        let expected = [
            (0, 0, None),
            (1, 1, None),
            (3, 2, None),
            (2, 1, Some(Flaw::Duplicate)),
            (4, 1, None),
            (5, 1, None),
            (6, 0, Some(Flaw::Circle)),
            (7, 1, Some(Flaw::Duplicate)),
        ];
        assert_eq!(places(&spans), expected);
    }

    #[test]
    fn a_span_before_its_caller_is_early() {
        let (spans, end) = of(&[
            (1.0, 100.0, "child", "caller"),
            (1.25, 100.0, "caller", ""),
            (1.25, 100.0, "same", "caller"),
        ]);
        let early: Vec<_> = spans
            .iter()
            .map(|span| (span.row, span.start, span.early))
            .collect();
        assert_eq!(
            early,
            [
                (1, 250_000.0, None),
                (0, 0.0, Some(250_000.0)),
                (2, 250_000.0, None)
            ]
        );
        assert_eq!(end, 350_000.0);
    }

    #[test]
    fn each_of_5000_spans_is_drawn_once() {
        let ids: Vec<_> = (0..5_000).map(|at| format!("{at:016x}")).collect();
        let drawn = |parent: &dyn Fn(usize) -> usize| {
            let rows: Vec<_> = (0..ids.len())
                .map(|at| {
                    (
                        at as f64 / 1e4,
                        1.0,
                        ids[at].as_str(),
                        ids[parent(at) % ids.len()].as_str(),
                    )
                })
                .collect();
            let (spans, _) = of(&rows);
            let mut rows: Vec<_> = spans.iter().map(|span| span.row).collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..ids.len()).collect::<Vec<_>>());
            (
                spans.iter().map(|span| span.depth).max(),
                spans.iter().filter(|span| span.flaw.is_some()).count(),
            )
        };
        // One circle of all, all below one that calls itself, and what chance makes of it.
        assert_eq!(drawn(&|at| at + 1), (Some(4_999), 1));
        assert_eq!(drawn(&|_| 0), (Some(1), 1));
        drawn(&|at| at.wrapping_mul(2_654_435_761) >> 7);
    }
}
