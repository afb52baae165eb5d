//! Builds the statements for ClickHouse: inserts versioned table names and the guard on coverage.

use crate::definition::{CoverageKey, HotStatement};
use crate::sql_text;
use crate::view::View;

/// SQL for the first midnight UTC at or after the start of the range, where its whole days begin. If the range is
/// within one day, this midnight is later than [`AFTER_WHOLE_DAYS`].
const FIRST_WHOLE_DAY: &str = "toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC')";
/// SQL for the last midnight UTC at or before the end of the range, where its whole days end.
const AFTER_WHOLE_DAYS: &str = "toStartOfDay({to:DateTime64(6)}, 'UTC')";

/// Returns a query's statement on a view. With `by_day`, the statement reads whole days from that view.
pub fn on_view(sql: &str, view: &View, by_day: Option<&View>, retention_days: u16) -> HotStatement {
    let quarters = coverage_key(view);
    let (sql, reads) = match by_day {
        None => {
            let reads = vec![quarters];
            (on_tables(sql, &reads, |_| view.table()), reads)
        }
        Some(by_day) => {
            let days = coverage_key(by_day);
            let rows = format!(
                "({} AND (Bucket < {FIRST_WHOLE_DAY} OR Bucket >= {AFTER_WHOLE_DAYS}) UNION ALL \
                 {} AND Bucket >= {FIRST_WHOLE_DAY} AND Bucket < {AFTER_WHOLE_DAYS})",
                guarded(&quarters, &view.table()),
                guarded(&days, &by_day.table()),
            );
            (
                sql_text::replace_word(sql, &view.name, &rows),
                vec![quarters, days],
            )
        }
    };
    HotStatement {
        sql,
        reads,
        retention_days,
        indexed: false,
    }
}

/// Returns a query's statement over the raw tables of a ClickHouse.
pub fn indexed(sql: &str, raw_version: &str, retention_days: u16) -> HotStatement {
    let blanked = sql_text::blank(sql);
    let mut tables: Vec<&str> = sql_text::words(&blanked)
        .map(|(_, word)| word)
        .filter(|word| lakefront_otel::tables().iter().any(|table| table.name == *word))
        .collect();
    tables.sort_unstable();
    tables.dedup();
    let reads: Vec<CoverageKey> = tables
        .into_iter()
        .map(|table| CoverageKey {
            name: table.into(),
            version: raw_version.into(),
        })
        .collect();
    HotStatement {
        sql: on_tables(sql, &reads, |read| read.name.clone()),
        reads,
        retention_days,
        indexed: true,
    }
}

/// Replaces the names of tables by those of the server, and inserts one guard per table into the first `WHERE`.
///
/// One guard per table is enough, since a failing guard fails the whole statement. The tables are not replaced by
/// guarded subqueries: those take longer to plan and have no `PREWHERE`.
fn on_tables(sql: &str, reads: &[CoverageKey], table: impl Fn(&CoverageKey) -> String) -> String {
    let named = reads.iter().fold(sql.to_owned(), |sql, read| {
        sql_text::replace_word(&sql, &read.name, &format!("otel.{}", table(read)))
    });
    let blanked = sql_text::blank(&named);
    let mut words = sql_text::words(&blanked).filter(|(_, word)| *word == "WHERE");
    let at = words.next().map_or(named.len(), |(at, word)| at + word.len());
    let guards: String = reads.iter().map(|read| format!(" {} AND", guard(read))).collect();
    format!("{}{guards}{}", &named[..at], &named[at..])
}

fn coverage_key(view: &View) -> CoverageKey {
    CoverageKey {
        name: view.name.clone(),
        version: view.version.clone(),
    }
}

/// Returns a `SELECT` of all rows of a table, with a guard in its `WHERE`. A further condition may be appended.
fn guarded(read: &CoverageKey, table: &str) -> String {
    format!("SELECT * FROM otel.{table} WHERE {}", guard(read))
}

/// Returns a condition that is true, or fails the statement if the table's coverage begins too late.
///
/// ClickHouse evaluates a scalar subquery before it reads a row, so that the guard fails on an empty table too.
/// `otel.covered` is a `Join` table in memory, which `joinGet` reads without a plan of its own. The text has no line
/// break, so that it may end up in a `--` comment.
fn guard(CoverageKey { name, version }: &CoverageKey) -> String {
    format!(
        "(SELECT throwIf(NOT ifNull(joinGet('otel.covered', 'first_day', '{name}', '{version}') <= {{first_day:Date}}, false), \
         '{name} does not hold all of this range')) = 0"
    )
}
