//! The progress of sync in one ClickHouse: its cursor, what it has loaded, and the holder of its lease.

use jiff::Timestamp;
use lakefront_api::{Zone, instant};
use maud::{Markup, html};
use serde_json::Value;

use super::html::{Column, dash, number, numbers, state};
use crate::elapsed::{ago, since};

/// The columns of the table. The first is the server's name.
pub const COLUMNS: &[Column] = &[
    ("ClickHouse", false),
    ("state", false),
    ("cursor", true),
    ("behind the lake", true),
    ("complete", true),
    ("files loaded", true),
    ("rows loaded", true),
    ("last loaded", true),
    ("lease", false),
];

/// The progress of sync, as [`SYNC_STATE`](lakefront_hot_tier::bookkeeping::SYNC_STATE) returns it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Progress {
    /// All rows that were committed until this time are loaded.
    cursor: Option<Timestamp>,
    /// The number of views and tables that are complete.
    complete: u64,
    /// The number of views and tables.
    held: u64,
    files: Option<u64>,
    rows: Option<u64>,
    last_loaded: Option<Timestamp>,
    lease: Option<Lease>,
}

/// The lease, which one sync process holds.
#[derive(Debug, PartialEq, Eq)]
struct Lease {
    holder: String,
    /// `working`, `resting`, or another text after the process has ended.
    state: String,
    renewed: Timestamp,
}

impl Progress {
    fn read(row: &[Value]) -> Self {
        let whole = |at: usize| row.get(at).and_then(Value::as_u64);
        let time = |at: usize| instant::time(row.get(at)?.as_str()?);
        let (complete, held) = (whole(1).unwrap_or_default(), whole(2).unwrap_or_default());
        Self {
            cursor: time(0).filter(|_| complete > 0),
            complete,
            held,
            files: whole(3),
            rows: whole(4),
            last_loaded: time(5).filter(|_| whole(3) != Some(0)),
            lease: row.get(6).and_then(Lease::read),
        }
    }
}

impl Lease {
    fn read(value: &Value) -> Option<Self> {
        let text = |at: usize| value.get(at)?.as_str();
        Some(Self {
            holder: text(0)?.to_owned(),
            state: text(1)?.to_owned(),
            renewed: instant::time(text(2)?)?,
        })
    }

    /// Returns the holder, its state, and the time since it renewed the lease.
    fn sentence(&self, now: Timestamp) -> String {
        let state = match self.state.as_str() {
            "working" => "works",
            "resting" => "has nothing to do",
            _ => "ended",
        };
        format!("{}: {state}, seen {}", self.holder, ago(self.renewed, now))
    }
}

/// Renders the cells of a row of [`SYNC_STATE`](lakefront_hot_tier::bookkeeping::SYNC_STATE). `now` is the end of the spans of time.
pub fn cells(row: &[Value], now: Timestamp) -> Markup {
    let progress = Progress::read(row);
    let (class, words) = match (progress.complete, progress.held) {
        (0, _) => ("idle", "filling"),
        (complete, held) if complete < held => ("degraded", "filling"),
        _ => ("up", "complete"),
    };
    html! {
        (state(class, words))
        (numbers(&[
            progress.cursor.map_or_else(dash, clock),
            progress.cursor.map_or_else(dash, |time| since(time, now)),
            format!("{} of {} views and tables", progress.complete, progress.held),
            number(progress.files),
            number(progress.rows),
            progress.last_loaded.map_or_else(dash, |time| ago(time, now)),
        ]))
        td.text { (progress.lease.map_or_else(dash, |lease| lease.sentence(now))) }
    }
}

fn clock(time: Timestamp) -> String {
    format!("{} UTC", lakefront_chart::clock(time, &Zone::utc()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(lease: Value) -> String {
        let row = json!([null, 0, 7, 0, 0, null, lease]);
        cells(row.as_array().unwrap(), "2026-03-24T12:00:05Z".parse().unwrap()).into_string()
    }

    #[test]
    fn the_lease_names_its_holder() {
        let held = shown(json!(["host, process 7", "resting", "2026-03-24T12:00:00Z"]));
        let expected = "host, process 7: has nothing to do, seen 5 s ago";
        assert!(held.contains(expected), "{held}");
    }

    #[test]
    fn a_server_without_a_lease_has_a_dash() {
        assert!(shown(Value::Null).contains("<td class=\"text\">–</td>"));
    }
}
