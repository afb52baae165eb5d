//! The state of ingest: what arrives, what waits, and the last failures.

use jiff::Timestamp;
use lakefront_api::{IngestCompaction, IngestHealth, IngestLanding, IngestRetention, Zone};
use lakefront_chart::{Unit, bytes, clock, count};
use maud::{Markup, html};

use super::html::{Column, dash, numbers, state, table};
use crate::elapsed::ago;

const COLUMNS: &[Column] = &[
    ("process", false),
    ("state", false),
    ("records a second", true),
    ("records waiting", true),
    ("bytes waiting", true),
    ("log on disk", true),
    ("last commit", true),
    ("it took", true),
];

/// Renders the state of ingest. `now` is the end of the spans of time.
pub fn render(health: &IngestHealth, now: Timestamp) -> Markup {
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
                last.map_or_else(dash, |commit| ago(commit.at, now)),
                last.map_or_else(dash, |commit| Unit::Millis.full(commit.elapsed_ms)),
            ]))
        }
    };
    html! {
        (table("Ingest", COLUMNS, &rows))
        @if let Some(error) = &health.last_error {
            p.more { "Last failure, " (ago(error.at, now)) ", of " (error.table) ": " (error.message) }
        }
        @if let Some(compaction) = &health.compaction {
            (compaction_lines(compaction, now))
        }
        @if let Some(retention) = health.retention.as_ref().filter(|retention| !retention.keep_days.is_empty()) {
            (retention_lines(retention, now))
        }
        @if let Some(landing) = health.landing.as_ref().filter(|landing| landing.enabled) {
            (landing_lines(landing, now))
        }
        @if let Some(refusal) = &health.last_refusal {
            p.more { "Last refusal, " (ago(refusal.at, now)) ": " (refusal.path) " got " (refusal.status) ", " (refusal.message) }
        }
        @if health.shifted_records > 0 {
            p.more { "Since the start, the times of " (count(health.shifted_records as f64)) " records were corrected: their devices' clocks are wrong." }
        }
        @if let Some(loss) = &health.last_loss {
            p.more {
                "Last loss, " (ago(loss.at, now)) ": " (loss.path) " without " (count(loss.rejected_records as f64)) " records and "
                (count(loss.changed_values as f64)) " values, " (loss.message)
            }
        }
    }
}

/// Renders the state of the retention in sentences.
fn retention_lines(retention: &IngestRetention, now: Timestamp) -> Markup {
    html! {
        @match (retention.last_run, retention.next_run) {
            (Some(last), Some(next)) => p.more {
                "Retention, last run " (ago(last, now)) ", next at " (clock(next, &Zone::utc()).get(11..16).unwrap_or_default()) " UTC:"
                @for (table, days) in &retention.keep_days { " " (table) " keeps " (days) " days." }
            },
            _ => p.more { "Retention: the first run has not ended." },
        }
        @for (table, drop) in &retention.last_drop {
            p.more {
                (table) " dropped " (drop.first_day) " to " (drop.last_day) ", " (ago(drop.at, now)) ": "
                (count(drop.rows as f64)) " rows in " (count(drop.files as f64)) " files, " (bytes(drop.bytes as f64)) "."
            }
        }
        @if let Some(error) = &retention.last_error {
            p.more { "Last failed retention, " (ago(error.at, now)) ", of " (error.table) ": " (error.message) }
        }
    }
}

/// Renders in sentences which rows landed through Cloudflare Pipelines, and which are missing.
fn landing_lines(landing: &IngestLanding, now: Timestamp) -> Markup {
    html! {
        @match landing.last_run {
            Some(last) => p.more { "Landed rows were moved " (ago(last, now)) ". Of the last 48 hours with rows:" },
            None => p.more { "Landed rows: the first run of the keeper has not ended." },
        }
        @for (table, status) in landing.tables.iter().filter(|(_, status)| !status.hours.is_empty()) {
            @let [accepted, landed, moved, repeated, unreadable, _] = status.stages().map(|(_, rows)| count(rows as f64));
            p.more {
                (table) ": " (accepted) " rows were accepted, " (landed) " landed, " (moved) " are in the lake, "
                (repeated) " landed again, " (unreadable) " can't be read."
            }
            @for (hour, rows) in &status.hours {
                @if let Some(missing) = rows.missing.filter(|missing| *missing > 0) {
                    p.more { (table) ": " (count(missing as f64)) " of " (count(rows.accepted as f64)) " rows accepted in the hour of " (hour) " never landed." }
                }
            }
        }
        @if let Some(error) = &landing.last_error {
            p.more { "Last failure of the keeper, " (ago(error.at, now)) ", of " (error.table) ": " (error.message) }
        }
    }
}

/// Renders the state of the compaction in sentences.
fn compaction_lines(compaction: &IngestCompaction, now: Timestamp) -> Markup {
    html! {
        @match (&compaction.last_run, compaction.enabled) {
            (_, false) => p.more { "Compaction is off (--compaction off): the lake becomes slower with each commit." },
            (None, true) => p.more { "Compaction: nothing to do since the start." },
            (Some(last), true) => p.more {
                "Compaction, last " (ago(last.at, now)) " of " (last.table) ": since the start "
                (count(compaction.files_before as f64)) " files became " (count(compaction.files_after as f64)) ", "
                (bytes(compaction.bytes_rewritten as f64)) " rewritten."
            },
        }
        @if let Some(error) = &compaction.last_error {
            p.more { "Last failed compaction, " (ago(error.at, now)) ", of " (error.table) ": " (error.message) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lakefront_api::{LandingHour, LandingTable};

    use super::*;

    #[test]
    fn rows_that_a_sink_dropped_are_named_by_their_hour() {
        let hour = |accepted, landed, missing| LandingHour {
            accepted,
            landed,
            moved: landed,
            missing,
            ..LandingHour::default()
        };
        let hours = BTreeMap::from([
            ("2026-11-29T14:00:00Z".to_owned(), hour(20, 17, Some(3))),
            ("2026-11-29T15:00:00Z".to_owned(), hour(8, 8, Some(0))),
            ("2026-11-29T16:00:00Z".to_owned(), hour(5, 0, None)),
        ]);
        let landing = IngestLanding {
            enabled: true,
            tables: BTreeMap::from([("otel_logs".to_owned(), LandingTable { hours })]),
            ..IngestLanding::default()
        };
        let page = landing_lines(&landing, Timestamp::UNIX_EPOCH).into_string();
        assert!(page.contains("33 rows were accepted, 25 landed"), "{page}");
        assert!(
            page.contains("3 of 20 rows accepted in the hour of 2026-11-29T14:00:00Z never landed"),
            "{page}"
        );
        assert_eq!(page.matches("never landed").count(), 1, "{page}");
    }
}
