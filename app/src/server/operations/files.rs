//! The files of each table of the lake, as ingest counts them, with advice.

use jiff::Timestamp;
use lakefront_api::{FilesBySize, TableStatus};
use lakefront_chart::{Unit, bytes, count};
use maud::{Markup, html};

use super::html::{Column, dash, note, number, numbers, state, table};
use crate::elapsed::ago;

const COLUMNS: &[Column] = &[
    ("table", false),
    ("state", false),
    ("rows", true),
    ("bytes", true),
    ("bytes a record", true),
    ("days", true),
    ("files", true),
    ("files by size", false),
    ("most a day", true),
    ("small", true),
    ("waiting", true),
    ("last compaction", true),
    ("manifests", true),
    ("snapshots", true),
    ("orphans", true),
    ("counted", true),
];

/// Renders the files of each table, and below them what is wrong. `now` is the end of the spans of time.
pub fn render(tables: &[TableStatus], now: Timestamp) -> Markup {
    if tables.is_empty() {
        return note("Ingest has not counted the files yet: it does so within seconds of its start.");
    }
    let rows = html! {
        @for status in tables {
            tr {
                th scope="row" { (status.table) }
                @if status.advice.is_empty() { (state("ok", "ok")) } @else { (state("degraded", "see below")) }
                (numbers(&[
                    count(status.rows as f64),
                    bytes(status.bytes as f64),
                    status.bytes_a_row.map_or_else(dash, |bytes| Unit::Plain.full(bytes)),
                    count(status.days as f64),
                    count(status.files as f64),
                ]))
                td.age { (sizes(&status.files_by_size)) }
                (numbers(&[
                    count(status.most_files_a_day as f64),
                    count(status.small_files as f64),
                    count(status.files_to_rewrite as f64),
                    status.last_compaction.map_or_else(dash, |time| ago(time, now)),
                    count(status.manifests as f64),
                    count(status.snapshots as f64),
                    number(status.orphan_files),
                    ago(status.taken, now),
                ]))
            }
        }
    };
    html! {
        (table("Files", COLUMNS, &rows))
        @for status in tables {
            @for sentence in &status.advice {
                p.more { b { (status.table) } " " (sentence) }
            }
        }
    }
}

/// Returns the numbers of files by size in one line.
fn sizes(files: &FilesBySize) -> String {
    let sizes: Vec<String> = files
        .named()
        .map(|(files, size)| format!("{} {size}", count(files as f64)))
        .collect();
    if sizes.is_empty() {
        return dash();
    }
    sizes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(table: &str) -> TableStatus {
        TableStatus {
            table: table.to_owned(),
            ..TableStatus::default()
        }
    }

    fn now() -> Timestamp {
        "1970-01-01T00:02:00Z".parse().unwrap()
    }

    #[test]
    fn before_the_first_look_a_sentence_stands_in_place_of_the_table() {
        let page = render(&[], now()).into_string();
        assert!(
            page.contains("not counted the files yet") && !page.contains("<table"),
            "{page}"
        );
    }

    #[test]
    fn each_table_has_a_row_with_its_numbers() {
        let mut logs = TableStatus {
            rows: 12_000,
            bytes: 150_000,
            bytes_a_row: Some(12.5),
            days: 2,
            files: 3,
            most_files_a_day: 2,
            small_files: 4,
            files_to_rewrite: 0,
            manifests: 5,
            snapshots: 6,
            orphan_files: Some(7),
            last_compaction: Some("1970-01-01T00:01:00Z".parse().unwrap()),
            ..status("otel_logs")
        };
        for bytes in [10, 10, 200 << 20] {
            logs.files_by_size.add(bytes);
        }
        let page = render(&[logs, status("otel_traces")], now()).into_string();
        let text = |cell: &str| {
            let cell = cell.replace("<span class=\"state ok\">", "");
            cell.split(['>', '<']).nth(1).unwrap().to_owned()
        };
        let cells = |row: &str| row.split("<td").skip(1).map(text).collect::<Vec<_>>();
        let rows: Vec<_> = page.split("<tr").skip(2).map(cells).collect();
        assert!(
            rows.iter().all(|cells| cells.len() + 1 == COLUMNS.len()),
            "{rows:?}"
        );
        assert_eq!(
            rows[0].join(" | "),
            "ok | 12,000 | 150 kB | 12.5 | 2 | 3 | 2 below 1 MiB, 1 of 128 MiB and more | 2 | 4 | 0 | 60 s ago | 5 | 6 | 7 | 2 min ago"
        );
        assert_eq!(
            rows[1].join(" | "),
            "ok | 0 | 0 B | – | 0 | 0 | – | 0 | 0 | 0 | – | 0 | 0 | – | 2 min ago"
        );
        assert!(!page.contains("class=\"more\""), "nothing is wrong: {page}");
    }

    #[test]
    fn what_is_wrong_is_said_below_with_the_name_of_the_table() {
        let mut logs = status("otel_logs");
        logs.advice = vec!["It has <40> files.".to_owned(), "Run it.".to_owned()];
        let page = render(&[logs, status("otel_traces")], now()).into_string();
        assert_eq!(page.matches("see below").count(), 1, "{page}");
        assert!(
            page.contains("<p class=\"more\"><b>otel_logs</b> It has &lt;40&gt; files.</p>"),
            "{page}"
        );
        assert_eq!(page.matches("class=\"more\"").count(), 2, "{page}");
    }
}
