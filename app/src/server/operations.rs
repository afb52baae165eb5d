//! Renders the state of each subsystem as HTML. Only the server has this code.

use jiff::Timestamp;
use lakefront_api::{IngestCompaction, IngestHealth, LakeHealth, TableHealth, instant};
use lakefront_chart::{Unit, bytes, count};
use lakefront_hot_tier::bookkeeping::{AUDIT_FINDINGS, SYNC_STATE};
use maud::{Markup, html};
use serde_json::Value;

use super::{
    Subsystem,
    handler::{ago, since},
};
use crate::{QueryService, service::ServerRows};

/// Files are small if they have fewer bytes than this on average.
const SMALL: u64 = 4_000_000;
/// A table with more small files than this gets a warning. Each file costs a query about 0.2 ms.
const MANY: u64 = 500;

/// Renders the state of a subsystem. One that fails does not affect the panels of the others.
pub async fn html(subsystem: Subsystem, host: &QueryService) -> Markup {
    match subsystem {
        Subsystem::Ingest => match host.ingest().await {
            Ok(Some(health)) => ingest(&health),
            Ok(None) => note("The router knows of no ingest: INGEST_URL is not set."),
            Err(problem) => failure(&problem.detail),
        },
        Subsystem::Lake => match host.lake().await {
            Ok(Some(health)) => lake(&health),
            Ok(None) => {
                note("chDB is asleep. The next query of the lake wakes it, and then the lake shows here.")
            }
            Err(problem) => failure(&problem.detail),
        },
        Subsystem::Sync => {
            told(
                host,
                "Sync",
                SYNC_STATE,
                CURSOR_COLUMNS,
                cursor,
                "Nothing was synced to it yet.",
            )
            .await
        }
        Subsystem::Audit => {
            let never = "Never audited: run `lakefront-sync audit`.";
            told(host, "Audit", AUDIT_FINDINGS, FINDINGS_COLUMNS, finding, never).await
        }
    }
}

fn failure(text: &str) -> Markup {
    html! { p.note.failure role="alert" { (text) } }
}

fn note(text: &str) -> Markup {
    html! { p.note { (text) } }
}

fn table(title: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.table role="region" tabindex="0" aria-label={ (title) ": table" } {
            table {
                thead { tr { @for (at, name) in columns.iter().enumerate() { th.number[at > 1 && ![WHICH, LEASE].contains(name)] scope="col" { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

fn numbers(values: &[String]) -> Markup {
    html! { @for value in values { td.number { (value) } } }
}

fn state(class: &str, words: &str) -> Markup {
    html! { td { span.state.(class) { (words) } } }
}

fn ingest(health: &IngestHealth) -> Markup {
    let log = &health.wal;
    let failing = health.last_error.as_ref().filter(|error| {
        let commits = health.last_commit.get(&error.table);
        commits.is_none_or(|commit| commit.at < error.at)
    });
    let state = match (health.ready, failing) {
        (false, _) => state("down", "full"),
        (true, Some(_)) => state("degraded", "can't commit"),
        (true, None) => state("up", "takes requests"),
    };
    let last = health.last_commit.values().max_by_key(|commit| commit.at);
    let rows = html! {
        tr {
            th scope="row" { "ingest" }
            (state)
            (numbers(&[
                Unit::Plain.full(health.records_per_second),
                count(log.backlog_records as f64),
                bytes(log.backlog_bytes as f64),
                format!("{} of {}", bytes(log.disk_bytes as f64), bytes(log.limit_bytes as f64)),
                last.map_or_else(dash, |commit| ago(commit.at)),
                last.map_or_else(dash, |commit| Unit::Millis.full(commit.elapsed_ms)),
            ]))
        }
    };
    let columns = [
        "process",
        "state",
        "records a second",
        "records waiting",
        "bytes waiting",
        "log on disk",
        "last commit",
        "it took",
    ];
    html! {
        (table("Ingest", &columns, &rows))
        @if let Some(error) = &health.last_error {
            p.more { "Last failure, " (ago(error.at)) ", of " (error.table) ": " (error.message) }
        }
        @if let Some(compaction) = &health.compaction {
            (compaction_lines(compaction))
        }
        @if let Some(refusal) = &health.last_refusal {
            p.more { "Last refusal, " (ago(refusal.at)) ": " (refusal.path) " got " (refusal.status) ", " (refusal.message) }
        }
        @if let Some(loss) = &health.last_loss {
            p.more {
                "Last loss, " (ago(loss.at)) ": " (loss.path) " without " (count(loss.rejected_records as f64)) " records and "
                (count(loss.changed_values as f64)) " values, " (loss.message)
            }
        }
    }
}

/// Renders the state of the compaction in sentences.
fn compaction_lines(compaction: &IngestCompaction) -> Markup {
    let small: u64 = compaction.small_files.values().sum();
    html! {
        @match (&compaction.last_run, compaction.enabled) {
            (_, false) => p.more { "Compaction is off (--compaction off): the lake becomes slower with each commit." },
            (None, true) => p.more { "Compaction: nothing to do since the start." },
            (Some(last), true) => p.more {
                "Compaction, last " (ago(last.at)) " of " (last.table) ": since the start "
                (count(compaction.files_before as f64)) " files became " (count(compaction.files_after as f64)) ", "
                (bytes(compaction.bytes_rewritten as f64)) " rewritten. " (count(small as f64)) " small files now."
            },
        }
        @for (table, reason) in &compaction.left_alone {
            p.more { (table) " is not compacted: " (reason) }
        }
        @if let Some(error) = &compaction.last_error {
            p.more { "Last failed compaction, " (ago(error.at)) ", of " (error.table) ": " (error.message) }
        }
    }
}

fn lake(health: &LakeHealth) -> Markup {
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
                    number(table.snapshots), table.snapshot_time.map_or_else(dash, ago),
                ]))
            }
        }
    };
    let columns = [
        "table",
        "state",
        "rows",
        "data files",
        "bytes",
        "bytes a file",
        "snapshots",
        "last commit",
    ];
    html! {
        (table("Lake", &columns, &rows))
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
    table.data_files.is_some_and(|files| files > MANY) && mean(table).is_some_and(|mean| mean < SMALL)
}

/// Renders a table with one row for each ClickHouse.
async fn told(
    host: &QueryService,
    title: &str,
    sql: &'static str,
    columns: &[&str],
    row: impl Fn(&[Value]) -> Markup,
    nothing: &str,
) -> Markup {
    let servers = match host.clickhouses(sql).await {
        Ok(servers) => servers,
        Err(problem) => return failure(&problem.detail),
    };
    if servers.is_empty() {
        return note("No ClickHouse is configured: chDB answers everything from the lake.");
    }
    let rows = html! {
        @for ServerRows { name, rows } in &servers {
            tr {
                th scope="row" { (name) }
                @match rows.as_ref().map(|rows| rows.first()) {
                    Ok(Some(values)) => (row(values)),
                    Ok(None) => { (state("idle", "nothing yet")) td.text colspan=(columns.len() - 2) { (nothing) } },
                    Err(failure) => { (state("down", "no answer")) td.text colspan=(columns.len() - 2) { (failure) } },
                }
            }
        }
    };
    table(title, columns, &rows)
}

const CURSOR_COLUMNS: &[&str] = &[
    "ClickHouse",
    "state",
    "cursor",
    "behind the lake",
    "complete",
    "files loaded",
    "rows loaded",
    "last loaded",
    LEASE,
];

fn cursor(values: &[Value]) -> Markup {
    let whole = |at: usize| values.get(at).and_then(Value::as_u64);
    let time = |at: usize| instant::time(values.get(at)?.as_str()?);
    let (complete, held) = (whole(1).unwrap_or_default(), whole(2).unwrap_or_default());
    let cursor = time(0).filter(|_| complete > 0);
    let (class, words) = match (complete, held) {
        (0, _) => ("idle", "filling"),
        (complete, held) if complete < held => ("degraded", "filling"),
        _ => ("up", "complete"),
    };
    html! {
        (state(class, words))
        (numbers(&[
            cursor.map_or_else(dash, clock),
            cursor.map_or_else(dash, since),
            format!("{complete} of {held} views and tables"),
            number(whole(3)),
            number(whole(4)),
            time(5).filter(|_| whole(3) != Some(0)).map_or_else(dash, ago),
        ]))
        td.text { (values.get(6).and_then(lease).unwrap_or_else(dash)) }
    }
}

/// Returns the holder of the lease, its state, and when it was seen last.
fn lease(value: &Value) -> Option<String> {
    let part = |at: usize| value.get(at)?.as_str();
    let (holder, state, seen) = (part(0)?, part(1)?, instant::time(part(2)?)?);
    let does = match state {
        "working" => "works",
        "resting" => "has nothing to do",
        _ => "ended",
    };
    Some(format!("{holder}: {does}, seen {}", ago(seen)))
}

/// The columns that hold text. All others from the third on are numbers.
const WHICH: &str = "which differ";
const LEASE: &str = "lease";

const FINDINGS_COLUMNS: &[&str] = &[
    "ClickHouse",
    "state",
    "last audit",
    "days of tables compared",
    "differ",
    "repaired",
    WHICH,
];

fn finding(values: &[Value]) -> Markup {
    let whole = |at: usize| values.get(at).and_then(Value::as_u64);
    let at = values.first().and_then(|at| instant::time(at.as_str()?));
    let which = values.get(4).and_then(Value::as_array);
    let which: Vec<_> = which.into_iter().flatten().filter_map(Value::as_str).collect();
    let (class, words) = if whole(2) == Some(0) {
        ("ok", "same rows")
    } else {
        ("down", "differs")
    };
    html! {
        (state(class, words))
        (numbers(&[at.map_or_else(dash, ago), number(whole(1)), number(whole(2)), number(whole(3))]))
        td.text { @if which.is_empty() { "–" } @else { (which.join("; ")) } }
    }
}

fn clock(time: Timestamp) -> String {
    format!("{} UTC", time.strftime("%Y-%m-%d %H:%M:%S"))
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(dash, |value| count(value as f64))
}

fn size(value: Option<u64>) -> String {
    value.map_or_else(dash, |value| bytes(value as f64))
}

fn dash() -> String {
    "–".into()
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
            first_day: None,
            detail: None,
        }
    }

    #[test]
    fn many_small_files_are_worth_a_warning() {
        assert!(has_small_files(&table(MANY + 1, MANY * 1_000)));
        assert!(!has_small_files(&table(MANY, MANY * 1_000)), "few");
        assert!(!has_small_files(&table(MANY + 1, (MANY + 1) * SMALL)), "large");
        assert!(!has_small_files(&table(0, 0)), "none");
    }

    #[test]
    fn the_lease_names_its_holder() {
        let row = |lease: Value| {
            let values = serde_json::json!([null, 0, 7, 0, 0, null, lease]);
            cursor(values.as_array().unwrap()).into_string()
        };
        let held = row(serde_json::json!([
            "host, process 7",
            "resting",
            "2026-03-24T12:00:00Z"
        ]));
        assert!(
            held.contains("host, process 7: has nothing to do, seen "),
            "{held}"
        );
        assert!(row(Value::Null).contains("<td class=\"text\">–</td>"), "none");
    }

    #[test]
    fn a_difference_names_the_day() {
        let row = |wrong: u64, which: &[&str]| {
            let values = serde_json::json!([null, 20, wrong, 1, which]);
            finding(values.as_array().unwrap()).into_string()
        };
        assert!(row(0, &[]).contains("same rows"));
        let differs = row(1, &["otel_logs of 2026-03-24: 9 rows in the lake, 8 here"]);
        assert!(
            differs.contains("differs") && differs.contains("of 2026-03-24"),
            "{differs}"
        );
    }
}
