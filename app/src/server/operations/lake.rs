//! The state of the lake's tables, with a warning for many small files.

use jiff::Timestamp;
use lakefront_api::{LakeHealth, TableHealth};
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

/// Renders the state of each table. `now` is the end of the spans of time.
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
