//! Statements on the tables of the hot tier: versioned names, and a guard on the coverage of each table.

use serde::{Deserialize, Serialize};

use crate::bookkeeping::guard;
use crate::{View, sql_text};

/// A statement over the tables that sync fills in ClickHouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotStatement {
    /// The whole statement, with typed placeholders and a guard on `otel.covered`.
    ///
    /// The statement fails with `FUNCTION_THROW_IF_VALUE_IS_NON_ZERO` unless `otel.covered` reports all tables in
    /// `reads` as complete from `{first_day:Date}` on. A server that was wiped or is half filled therefore never
    /// answers.
    pub sql: String,
    /// The tables that the statement reads: a view, optionally with its view by day, or raw tables.
    pub reads: Vec<CoverageKey>,
    /// Number of whole UTC days before today that these tables keep.
    pub retention_days: u16,
    /// True if the statement reads raw tables by their indexes, false if it reads a view.
    pub indexed: bool,
}

/// The key of a row of `otel.coverage`: a view or raw table, and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoverageKey {
    /// The name of the view or raw table, without its version.
    pub name: String,
    /// The version: a hash of the definition and of the mapping from OTLP.
    pub version: String,
}

impl CoverageKey {
    /// Returns the key of a view.
    pub fn of_view(view: &View) -> Self {
        Self {
            name: view.name.clone(),
            version: view.version.clone(),
        }
    }

    /// Returns the key of a raw table.
    pub fn of_raw_table(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: crate::raw_version().to_owned(),
        }
    }
}

/// SQL for the first midnight UTC at or after the start of the range, where its whole days begin. If the range is
/// within one day, this midnight is later than [`AFTER_WHOLE_DAYS`].
const FIRST_WHOLE_DAY: &str = "toStartOfDay({from:DateTime64(6)} + INTERVAL 86399999999 MICROSECOND, 'UTC')";
/// SQL for the last midnight UTC at or before the end of the range, where its whole days end.
const AFTER_WHOLE_DAYS: &str = "toStartOfDay({to:DateTime64(6)}, 'UTC')";

impl HotStatement {
    /// Returns a query's statement on a view. `sql` names the view without a version. With `by_day`, the statement
    /// reads whole days from that view.
    pub fn on_view(sql: &str, view: &View, by_day: Option<&View>, retention_days: u16) -> Self {
        let quarters = CoverageKey::of_view(view);
        let (sql, reads) = match by_day {
            None => {
                let reads = vec![quarters];
                (on_tables(sql, &reads, |_| view.table()), reads)
            }
            Some(by_day) => {
                let days = CoverageKey::of_view(by_day);
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
        Self {
            sql,
            reads,
            retention_days,
            indexed: false,
        }
    }

    /// Returns a query's statement over the raw tables of a ClickHouse. `raw_tables` are the names of all raw tables.
    pub fn on_raw_tables<'a>(
        sql: &str,
        raw_tables: impl Iterator<Item = &'a str>,
        retention_days: u16,
    ) -> Self {
        let blanked = sql_text::blank(sql);
        let mut tables: Vec<&str> = raw_tables
            .filter(|table| sql_text::words(&blanked).any(|(_, word)| word == *table))
            .collect();
        tables.sort_unstable();
        let reads: Vec<CoverageKey> = tables.into_iter().map(CoverageKey::of_raw_table).collect();
        Self {
            sql: on_tables(sql, &reads, |read| read.name.clone()),
            reads,
            retention_days,
            indexed: true,
        }
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

/// Returns a `SELECT` of all rows of a table, with a guard in its `WHERE`. A further condition may be appended.
fn guarded(read: &CoverageKey, table: &str) -> String {
    format!("SELECT * FROM otel.{table} WHERE {}", guard(read))
}
