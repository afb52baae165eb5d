//! The findings of the last audit of one ClickHouse: the days whose rows differ from the lake's.

use jiff::Timestamp;
use lakefront_api::instant;
use maud::{Markup, html};
use serde_json::Value;

use super::html::{Column, dash, number, numbers, state};
use crate::elapsed::ago;

/// The columns of the table. The first is the server's name.
pub const COLUMNS: &[Column] = &[
    ("ClickHouse", false),
    ("state", false),
    ("last audit", true),
    ("days of tables compared", true),
    ("differ", true),
    ("repaired", true),
    ("which differ", false),
];

/// The findings of an audit, as [`AUDIT_FINDINGS`](lakefront_hot_tier::bookkeeping::AUDIT_FINDINGS) returns them.
#[derive(Debug, PartialEq, Eq)]
struct Findings {
    at: Option<Timestamp>,
    compared: Option<u64>,
    different: Option<u64>,
    repaired: Option<u64>,
    /// A sentence for each day that differs.
    days: Vec<String>,
}

impl Findings {
    fn read(row: &[Value]) -> Self {
        let whole = |at: usize| row.get(at).and_then(Value::as_u64);
        let days = row.get(4).and_then(Value::as_array).into_iter().flatten();
        Self {
            at: row.first().and_then(|at| instant::time(at.as_str()?)),
            compared: whole(1),
            different: whole(2),
            repaired: whole(3),
            days: days.filter_map(|day| Some(day.as_str()?.to_owned())).collect(),
        }
    }
}

/// Renders the cells of a row of [`AUDIT_FINDINGS`](lakefront_hot_tier::bookkeeping::AUDIT_FINDINGS). `now` is the end of the spans of time.
pub fn cells(row: &[Value], now: Timestamp) -> Markup {
    let findings = Findings::read(row);
    let (class, words) = if findings.different == Some(0) {
        ("ok", "same rows")
    } else {
        ("down", "differs")
    };
    html! {
        (state(class, words))
        (numbers(&[
            findings.at.map_or_else(dash, |time| ago(time, now)),
            number(findings.compared),
            number(findings.different),
            number(findings.repaired),
        ]))
        td.text { @if findings.days.is_empty() { "–" } @else { (findings.days.join("; ")) } }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(different: u64, days: &[&str]) -> String {
        let row = json!([null, 20, different, 1, days]);
        cells(row.as_array().unwrap(), Timestamp::UNIX_EPOCH).into_string()
    }

    #[test]
    fn an_audit_without_differences_says_so() {
        assert!(shown(0, &[]).contains("same rows"));
    }

    #[test]
    fn a_difference_names_the_day() {
        let differs = shown(1, &["otel_logs of 2026-03-24: 9 rows in the lake, 8 here"]);
        assert!(
            differs.contains("differs") && differs.contains("of 2026-03-24"),
            "{differs}"
        );
    }
}
