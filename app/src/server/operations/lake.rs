//! The state of the lake's tables, with a warning for many small files.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use lakefront_api::{LakeHealth, TableHealth};
use lakefront_chart::count;
use maud::{Markup, html};

use super::html::{Column, dash, note, number, numbers, size, state, table};
use crate::elapsed::ago;

/// Files are small if they have fewer bytes than this on average.
const SMALL_BYTES: u64 = 4_000_000;

/// A table with more small files than this gets a warning. Each file costs a query about 0.2 ms.
const MANY_FILES: u64 = 500;

const COLUMNS: &[Column] = &[
    ("table", false),
    ("state", false),
    ("rows", true),
    ("data files", true),
    ("bytes", true),
    ("bytes a file", true),
    ("snapshots", true),
    ("past since", true),
    ("last commit", true),
];

/// Renders the state of each table, and links to the past states. `now` is the end of the spans of time.
pub fn render(health: &LakeHealth, now: Timestamp) -> Markup {
    if health.tables.is_empty() {
        return note(health.detail.as_deref().unwrap_or("The lake has no tables yet."));
    }
    let rows = html! {
        @for table in &health.tables {
            tr {
                th scope="row" { (table.name) }
                @match (&table.detail, has_small_files(table)) {
                    (Some(detail), _) => td { span.state.down title=(detail) { "unreadable" } },
                    (None, true) => (state("degraded", "small files")),
                    (None, false) => (state("ok", "ok")),
                }
                (numbers(&[
                    number(table.rows), number(table.data_files), size(table.data_bytes), size(mean(table)),
                    number(table.snapshots), table.oldest_snapshot_time.map_or_else(dash, |time| ago(time, now)),
                    table.snapshot_time.map_or_else(dash, |time| ago(time, now)),
                ]))
            }
        }
    };
    html! {
        (table("Lake", COLUMNS, &rows))
        @if health.tables.iter().any(has_small_files) {
            p.more {
                "Small files: a query of the lake opens every file that its range needs, which takes about 0.2 ms each. "
                "Ingest's compaction makes few of them; lakefront-ingest compact does it by hand."
            }
        }
        (past_states(&health.past_states))
    }
}

/// Renders the hours whose state is kept, by day, newest first. Each links to the overview as of that hour.
fn past_states(hours: &[Timestamp]) -> Markup {
    let hours: Vec<Zoned> = hours.iter().map(|hour| hour.to_zoned(TimeZone::UTC)).collect();
    html! {
        @if !hours.is_empty() {
            details.states {
                summary { "Past states: " (count(hours.len() as f64)) " full hours" }
                p { "What the lake held at a full hour, in UTC. Between two of them, " b { "As of" } " shows the earlier one." }
                dl {
                    @for day in hours.chunk_by(|one, other| one.date() == other.date()) {
                        @if let Some(first) = day.first() {
                            dt { (first.date()) }
                            dd { @for hour in day {
                                a href={ "/?at=" (hour.timestamp()) } rel="external" { (format!("{:02}:00", hour.hour())) } " "
                            } }
                        }
                    }
                }
            }
        }
    }
}

fn mean(table: &TableHealth) -> Option<u64> {
    table.data_bytes?.checked_div(table.data_files?)
}

/// Returns true if a table has many small files.
fn has_small_files(table: &TableHealth) -> bool {
    table.data_files.is_some_and(|files| files > MANY_FILES)
        && mean(table).is_some_and(|mean| mean < SMALL_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(files: u64, bytes: u64) -> TableHealth {
        TableHealth {
            name: "otel_logs".into(),
            snapshot_id: None,
            snapshot_time: None,
            age_seconds: None,
            rows: None,
            data_files: Some(files),
            data_bytes: Some(bytes),
            snapshots: Some(1),
            oldest_snapshot_time: None,
            first_day: None,
            detail: None,
        }
    }

    #[test]
    fn past_states_are_links_by_day() {
        assert!(past_states(&[]).into_string().is_empty());
        let hours = [
            "2026-03-24T01:00:00Z",
            "2026-03-24T00:00:00Z",
            "2026-03-23T23:00:00Z",
        ];
        let html = past_states(&hours.map(|hour| hour.parse().unwrap())).into_string();
        assert_eq!(html.matches("<dt>").count(), 2, "{html}");
        assert!(html.contains("<dt>2026-03-23</dt>"), "{html}");
        assert!(html.contains("href=\"/?at=2026-03-24T01:00:00Z\""), "{html}");
    }

    #[test]
    fn many_small_files_get_a_warning() {
        assert!(has_small_files(&table(MANY_FILES + 1, MANY_FILES * 1_000)));
        assert!(!has_small_files(&table(MANY_FILES, MANY_FILES * 1_000)), "few");
        assert!(
            !has_small_files(&table(MANY_FILES + 1, (MANY_FILES + 1) * SMALL_BYTES)),
            "large"
        );
        assert!(!has_small_files(&table(0, 0)), "none");
    }
}
