//! The drawing of what calls what. Callers stand left of what they call. Only the server has this code.

use std::collections::{BTreeMap, BTreeSet};

use lakefront_api::{QueryInfo, QueryReply};
use lakefront_chart::{Unit, count};
use maud::{Markup, html};

use super::explore::Columns;
use crate::view::View;

/// The most nodes of a drawing. Calls to and from further ones are in the table below it.
const MOST_NODES: usize = 40;

/// The width and height of a node, and the distances between nodes, in pixels.
const NODE: (usize, usize) = (176, 44);
const GAP: (usize, usize) = (84, 20);
/// How far calls backwards reach below the nodes, in pixels.
const ARC: usize = 28;
/// The space around the drawing, in pixels.
const MARGIN: usize = 12;
/// The most letters of a name in a node.
const LETTERS: usize = 22;
/// How often the nodes of a column are put in the order of their neighbours. More changes little.
const SWEEPS: usize = 4;

/// Shares of failed calls from which a call counts as degraded and as failing, as in the query `service_health`.
const DEGRADED: f64 = 0.01;
const FAILING: f64 = 0.05;

/// The calls from one service to another.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    caller: usize,
    callee: usize,
    per_minute: f64,
    error_share: f64,
    millis: Option<f64>,
}

/// The calls of a reply, with the names of the nodes.
#[derive(Debug, Default, PartialEq)]
struct Calls<'a> {
    names: Vec<&'a str>,
    calls: Vec<Call>,
    /// The number of rows whose nodes are not drawn.
    left_out: usize,
}

/// Renders the calls of a reply, whose rows are in order of importance. A node links to the page with its name as the filter
/// `service`, in the state of `view`.
pub fn map(info: &QueryInfo, reply: &QueryReply, view: &View) -> Markup {
    let calls = Calls::of(info, reply);
    let columns = columns(&calls);
    let depth = columns.iter().map(Vec::len).max().unwrap_or_default();
    let width = 2 * MARGIN + (columns.len() * (NODE.0 + GAP.0)).saturating_sub(GAP.0);
    let height = 2 * MARGIN + (depth * (NODE.1 + GAP.1)).saturating_sub(GAP.1);
    let mut places = vec![(0, 0); calls.names.len()];
    for (column, nodes) in columns.iter().enumerate() {
        let free = (depth - nodes.len()) * (NODE.1 + GAP.1) / 2;
        for (row, &node) in nodes.iter().enumerate() {
            places[node] = (
                MARGIN + column * (NODE.0 + GAP.0),
                MARGIN + free + row * (NODE.1 + GAP.1),
            );
        }
    }
    let is_backward = |call: &Call| places[call.callee].0 <= places[call.caller].0;
    // Calls backwards are arcs below the nodes.
    let height = if calls.calls.iter().any(is_backward) {
        height + ARC
    } else {
        height
    };
    let most = calls.calls.iter().map(|call| call.per_minute).fold(0.0, f64::max);
    html! {
        div.map role="region" tabindex="0" aria-label={ (info.title) ": drawing" } {
            svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } translate="no" {
                defs {
                    marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto" {
                        path d="M0 0L8 4L0 8z" fill="context-stroke" {}
                    }
                }
                @for call in &calls.calls { (edge(call, &calls.names, &places, most)) }
                @for (node, name) in calls.names.iter().enumerate() { (self::node(node, name, &calls.calls, places[node], view)) }
            }
        }
        @if calls.left_out > 0 {
            p.note { "The drawing has the " (MOST_NODES) " services with the most calls. " (count(calls.left_out as f64)) " more rows are in the table." }
        }
    }
}

/// Renders a call as a curve: from the right of the caller to the left of the callee, or below the nodes if the callee does
/// not stand to the right.
fn edge(call: &Call, names: &[&str], places: &[(usize, usize)], most: f64) -> Markup {
    let ((from_x, from_y), (to_x, to_y)) = (places[call.caller], places[call.callee]);
    let path = if to_x > from_x {
        let (x1, y1) = (from_x + NODE.0, from_y + NODE.1 / 2);
        let (x2, y2) = (to_x, to_y + NODE.1 / 2);
        let bend = (x2 - x1) / 2;
        format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2 - bend)
    } else {
        let (x1, y1) = (from_x + NODE.0 / 2, from_y + NODE.1);
        let (x2, y2) = (to_x + NODE.0 / 2, to_y + NODE.1);
        // Curves reach three quarters of the way to their handles.
        let below = y1.max(y2) + ARC;
        format!("M{x1} {y1}C{x1} {below} {x2} {below} {x2} {y2}")
    };
    let width = 1.0 + 4.0 * (call.per_minute / most).max(0.0).sqrt();
    html! {
        g.edge.(state(call.error_share)) {
            title { (names[call.caller]) " → " (names[call.callee]) ": " (figures(call.per_minute, call.error_share, call.millis)) }
            path d=(path) stroke-width=(format!("{width:.1}")) marker-end="url(#arrow)" {}
        }
    }
}

/// Renders a node: the name, and how the calls to it do.
fn node(node: usize, name: &str, calls: &[Call], (x, y): (usize, usize), view: &View) -> Markup {
    let to_it: Vec<&Call> = calls.iter().filter(|call| call.callee == node).collect();
    let per_minute: f64 = to_it.iter().map(|call| call.per_minute).sum();
    let failed: f64 = to_it.iter().map(|call| call.per_minute * call.error_share).sum();
    let share = if per_minute > 0.0 {
        failed / per_minute
    } else {
        0.0
    };
    let cut: String = match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    };
    let figures = if to_it.is_empty() {
        "called by none of these".to_owned()
    } else {
        figures(per_minute, share, None)
    };
    let href = view.with(vec![("service".into(), name.to_owned())]).href();
    html! {
        a.node.(state(share)) href=(href) {
            rect x=(x) y=(y) width=(NODE.0) height=(NODE.1) rx="6" { title { (name) ": " (figures) } }
            text x=(x + 10) y=(y + 19) { (cut) }
            text.figures x=(x + 10) y=(y + 35) { (figures) }
        }
    }
}

/// Returns the class of a share of failed calls.
fn state(error_share: f64) -> &'static str {
    match error_share {
        share if share >= FAILING => "failing",
        share if share >= DEGRADED => "degraded",
        _ => "ok",
    }
}

/// Returns calls a minute, the share that failed and the duration as text.
fn figures(per_minute: f64, error_share: f64, millis: Option<f64>) -> String {
    let rate = if per_minute >= 1.0 {
        format!("{}/min", count(per_minute.round()))
    } else {
        format!("{}/h", count((per_minute * 60.0).round()))
    };
    let failed = (error_share > 0.0).then(|| format!(", {} failed", Unit::Share.full(error_share)));
    let took = millis.map(|millis| format!(", 95 % within {}", Unit::Millis.full(millis)));
    rate + &failed.unwrap_or_default() + &took.unwrap_or_default()
}

impl<'a> Calls<'a> {
    /// Reads the rows of a reply until there are [`MOST_NODES`] names.
    fn of(info: &QueryInfo, reply: &'a QueryReply) -> Self {
        let columns = Columns(reply);
        let (x, series) = (&info.chart.x, info.chart.series.first());
        let mut found = Self::default();
        for row in &reply.rows {
            let (Some(callee), Some(caller)) = (
                series.map(|name| columns.text(row, name)),
                Some(columns.text(row, x)),
            ) else {
                continue;
            };
            let new = [caller, callee]
                .iter()
                .filter(|name| !found.names.contains(*name))
                .count();
            if found.names.len() + new > MOST_NODES {
                found.left_out += 1;
                continue;
            }
            let [caller, callee] = [caller, callee].map(|name| found.node(name));
            let number = |at: usize| info.chart.y.get(at).and_then(|name| columns.number(row, name));
            found.calls.push(Call {
                caller,
                callee,
                per_minute: number(0).unwrap_or_default(),
                error_share: number(1).unwrap_or_default(),
                millis: number(2),
            });
        }
        found
    }

    /// Returns the number of the node of a name, which may be new.
    fn node(&mut self, name: &'a str) -> usize {
        let known = self.names.iter().position(|known| *known == name);
        known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }
}

/// Returns the nodes of each column, from left to right, each from top to bottom.
///
/// A node stands right of all its callers, except for those in a circle of calls, of which one is a call backwards.
fn columns(calls: &Calls<'_>) -> Vec<Vec<usize>> {
    let forward = forward(calls);
    let mut column_of = vec![0; calls.names.len()];
    // There is no circle among the calls forward, so that this ends after as many rounds as there are nodes at most.
    for _ in 0..calls.names.len() {
        for &(caller, callee) in &forward {
            column_of[callee] = column_of[callee].max(column_of[caller] + 1);
        }
    }
    let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, column) in column_of.iter().enumerate() {
        columns.entry(*column).or_default().push(node);
    }
    let mut columns: Vec<Vec<usize>> = columns.into_values().collect();
    for sweep in 0..SWEEPS {
        let mut row_of = vec![0.0; calls.names.len()];
        for nodes in &columns {
            for (row, &node) in nodes.iter().enumerate() {
                row_of[node] = row as f64 - nodes.len() as f64 / 2.0;
            }
        }
        let to_the_right = sweep % 2 == 0;
        let mean = |node: usize| {
            let ends = forward.iter().map(|&(caller, callee)| {
                if to_the_right {
                    (caller, callee)
                } else {
                    (callee, caller)
                }
            });
            let beside: Vec<f64> = ends
                .filter(|(_, to)| *to == node)
                .map(|(from, _)| row_of[from])
                .collect();
            if beside.is_empty() {
                row_of[node]
            } else {
                beside.iter().sum::<f64>() / beside.len() as f64
            }
        };
        for nodes in &mut columns {
            nodes.sort_by(|one, other| mean(*one).total_cmp(&mean(*other)));
        }
    }
    columns
}

/// Returns the calls, as callers and callees, without those that would close a circle with more important ones.
fn forward(calls: &Calls<'_>) -> BTreeSet<(usize, usize)> {
    let mut forward: BTreeSet<(usize, usize)> = BTreeSet::new();
    for call in &calls.calls {
        if !reaches(&forward, call.callee, call.caller) {
            forward.insert((call.caller, call.callee));
        }
    }
    forward
}

/// Returns true if calls lead from a node to another.
fn reaches(calls: &BTreeSet<(usize, usize)>, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        let next = calls
            .iter()
            .filter(|(caller, _)| *caller == node)
            .map(|(_, callee)| *callee);
        open.extend(next.filter(|callee| seen.insert(*callee)));
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn info() -> QueryInfo {
        serde_json::from_value(json!({
            "name": "calls", "title": "Calls", "description": "", "bucket": "hour", "order": "", "columns": [], "params": [],
            "chart": { "kind": "map", "x": "caller", "series": ["callee"], "y": ["per_minute", "error_share", "p95_ms"] }
        }))
        .unwrap()
    }

    fn reply(rows: &[Value]) -> QueryReply {
        let columns = ["caller", "callee", "per_minute", "error_share", "p95_ms"];
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "String" }))
            .collect();
        serde_json::from_value(json!({
            "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap()
    }

    fn calls(pairs: &[(&str, &str)]) -> QueryReply {
        let rows: Vec<_> = pairs
            .iter()
            .map(|(caller, callee)| json!([caller, callee, 1.0, 0.0, 1.0]))
            .collect();
        reply(&rows)
    }

    /// Returns the names in each column.
    fn placed(pairs: &[(&str, &str)]) -> Vec<Vec<String>> {
        let (info, reply) = (info(), calls(pairs));
        let calls = Calls::of(&info, &reply);
        let names = |nodes: Vec<usize>| {
            nodes
                .into_iter()
                .map(|node| calls.names[node].to_owned())
                .collect()
        };
        columns(&calls).into_iter().map(names).collect()
    }

    #[test]
    fn callers_stand_left_of_what_they_call() {
        assert_eq!(
            placed(&[("web", "api"), ("api", "db"), ("web", "db")]),
            [["web"], ["api"], ["db"]]
        );
        assert_eq!(
            placed(&[("a", "y"), ("b", "x"), ("c", "x")]),
            [vec!["a", "b", "c"], vec!["y", "x"]],
            "no line crosses another"
        );
    }

    #[test]
    fn a_circle_is_drawn_with_a_call_backwards() {
        assert_eq!(
            placed(&[("a", "b"), ("b", "c"), ("c", "a")]),
            [["a"], ["b"], ["c"]]
        );
        let html = map(&info(), &calls(&[("a", "b"), ("b", "a")]), &View::default()).into_string();
        assert_eq!(html.matches("marker-end").count(), 2);
    }

    #[test]
    fn names_are_escaped_and_figures_are_of_the_calls_to_a_service() {
        let rows = [
            json!(["web", "<api>", 90.0, 0.1, 20.0]),
            json!(["cron", "<api>", 10.0, 0.0, null]),
            json!(["web", "mail", 0.5, 0.0, 5.0]),
        ];
        let html = map(&info(), &reply(&rows), &View::default()).into_string();
        assert!(
            html.contains("web → &lt;api&gt;: 90/min, 10 % failed, 95 % within 20 ms"),
            "{html}"
        );
        assert!(
            html.contains("<title>&lt;api&gt;: 100/min, 9 % failed</title>"),
            "{html}"
        );
        assert!(html.contains("mail: 30/h"), "{html}");
        assert!(html.contains("href=\"?service=web\""), "{html}");
        assert!(html.contains("class=\"node failing\""), "{html}");
    }

    #[test]
    fn many_services_and_long_names_are_bounded() {
        let names: Vec<String> = (0..100)
            .map(|number| format!("{}{number}", "é".repeat(300)))
            .collect();
        let pairs: Vec<_> = names
            .windows(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let html = map(&info(), &calls(&pairs), &View::default()).into_string();
        assert_eq!(html.matches("<rect").count(), MOST_NODES);
        assert!(html.contains("60 more rows are in the table"), "{html}");
        assert!(
            !map(&info(), &reply(&[]), &View::default())
                .into_string()
                .contains("<rect")
        );
    }
}
