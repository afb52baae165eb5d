//! The bookkeeping that sync keeps in a ClickHouse: ledger and coverage.
//!
//! The later one of two rows with the same key is valid (`ReplacingMergeTree(at)`). The clocks of machines differ, so
//! that a new row's time is always later than that of any row that was read.

use std::collections::BTreeMap;

use clickhouse::Row;
use jiff::Timestamp;
use lakefront_hot_tier::CoverageKey;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::coverage::Coverage;
use crate::day;
use crate::error::{Error, Result};
use crate::ledger::{Entry, FileState, Ledger, Record};
use lakefront_clickhouse_http::literal;

/// Counts the rows of `otel.coverage` with another first day than `otel.covered`, the table that the guards of
/// statements read. A missing row counts as NULL.
const COUNT_STALE_GUARDS: &str = "SELECT count() FROM otel.coverage FINAL WHERE \
    ifNull(first_day, toDate(0)) != ifNull(joinGet('otel.covered', 'first_day', view, version), toDate(0))";
const UPDATE_GUARDS: &str =
    "INSERT INTO otel.covered SELECT view, version, first_day FROM otel.coverage FINAL";

/// Ledger and coverage as they were read, updated with every write.
#[derive(Clone, Debug, Default)]
pub struct Bookkeeping {
    pub ledger: Ledger,
    /// The coverage by name and version.
    pub coverage: BTreeMap<CoverageKey, Coverage>,
    /// Time of the newest row of either table, in microseconds since 1970.
    last: i64,
}

#[derive(Row, Serialize, Deserialize)]
struct LedgerRow {
    table: String,
    day: u16,
    path: String,
    rows: u64,
    sequence_number: i64,
    state: i8,
    at: i64,
}

#[derive(Row, Serialize, Deserialize)]
struct CoverageRow {
    view: String,
    version: String,
    first_day: Option<u16>,
    as_of: i64,
    at: i64,
}

impl Target {
    /// Reads ledger and coverage. Returns `cached` if no process has written since it was read.
    pub async fn read_bookkeeping(&self, cached: Option<Bookkeeping>) -> Result<Bookkeeping> {
        let last: i64 = self
            .fetch_one(
                "read the ledger",
                "SELECT toUnixTimestamp64Micro(max(at)) FROM \
                 (SELECT max(at) AS at FROM otel.ledger UNION ALL SELECT max(at) AS at FROM otel.coverage)",
            )
            .await?;
        if let Some(cached) = cached
            && cached.last == last
            && last > 0
        {
            return Ok(cached);
        }
        let mut bookkeeping = Bookkeeping {
            last,
            ..Bookkeeping::default()
        };
        let expected: u64 = self
            .fetch_one("count the ledger", "SELECT count() FROM otel.ledger FINAL")
            .await?;
        let rows: Vec<LedgerRow> = self
            .fetch_all(
                "read the ledger",
                "SELECT table, day, path, rows, sequence_number, state, at FROM otel.ledger FINAL",
            )
            .await?;
        // A limit on result rows would cut the ledger silently. Loaded files would then be loaded again.
        if rows.len() as u64 != expected {
            return Err(Error::Ledger {
                target: self.name().to_owned(),
                expected,
                found: rows.len() as u64,
            });
        }
        for row in rows {
            bookkeeping.ledger.put(record(row));
        }
        let rows: Vec<CoverageRow> = self
            .fetch_all(
                "read the coverage",
                "SELECT view, version, first_day, as_of, at FROM otel.coverage FINAL",
            )
            .await?;
        for row in rows {
            let coverage = Coverage {
                first_day: row.first_day.map(day::from_clickhouse),
                as_of: Timestamp::from_microsecond(row.as_of).unwrap_or(Timestamp::MIN),
            };
            let key = CoverageKey {
                name: row.view,
                version: row.version,
            };
            bookkeeping.coverage.insert(key, coverage);
        }
        Ok(bookkeeping)
    }

    /// Returns the time of the newest loaded data file with rows, or `None` if no such file was ever loaded.
    pub async fn last_loaded(&self) -> Result<Option<Timestamp>> {
        let sql =
            "SELECT toUnixTimestamp64Micro(max(at)) FROM otel.ledger WHERE state = 'loaded' AND rows > 0";
        match self.fetch_one::<i64>("read the ledger", sql).await {
            Ok(0) => Ok(None),
            Ok(micros) => Ok(Timestamp::from_microsecond(micros).ok()),
            Err(error) if error.is_unknown_table() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes rows of the ledger, all or none.
    pub async fn write_ledger(&self, bookkeeping: &mut Bookkeeping, records: Vec<Record>) -> Result<()> {
        let at = bookkeeping.next_time();
        let row = |record: &Record| {
            Some(LedgerRow {
                table: record.table.clone(),
                // A day outside the range of `Date` is older than any day that is kept.
                day: day::to_clickhouse(record.day)?,
                path: record.path.clone(),
                rows: record.entry.rows,
                sequence_number: record.entry.sequence_number,
                state: match record.entry.state {
                    FileState::Loading => 1,
                    FileState::Loaded => 2,
                    FileState::Gone => 3,
                },
                at,
            })
        };
        let rows: Vec<LedgerRow> = records.iter().filter_map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.insert("ledger", &rows).await?;
        for record in records {
            bookkeeping.ledger.put(record);
        }
        Ok(())
    }

    /// Copies the coverage to `otel.covered`, which the guards of statements read. Writes nothing if they agree,
    /// because `otel.covered` never drops a row.
    pub async fn update_guards(&self) -> Result<()> {
        let differing: u64 = self.fetch_one("read otel.covered", COUNT_STALE_GUARDS).await?;
        if differing > 0 {
            self.insert_select("write otel.covered", UPDATE_GUARDS, &Vec::new())
                .await?;
        }
        Ok(())
    }

    /// Writes rows of the coverage, all or none, and updates the guards.
    pub async fn write_coverage(
        &self,
        bookkeeping: &mut Bookkeeping,
        coverage: BTreeMap<CoverageKey, Coverage>,
    ) -> Result<()> {
        if coverage.is_empty() {
            return Ok(());
        }
        let at = bookkeeping.next_time();
        let row = |(key, coverage): (&CoverageKey, &Coverage)| {
            let first_day = match coverage.first_day.and_then(day::to_clickhouse) {
                Some(day) => day.to_string(),
                None => "NULL".to_owned(),
            };
            let as_of = coverage.as_of.as_microsecond();
            format!(
                "({}, {}, {first_day}, {as_of})",
                literal(&key.name),
                literal(&key.version)
            )
        };
        let rows: Vec<String> = coverage.iter().map(row).collect();
        // A clock of this machine that is ahead must not make the coverage newer than it is.
        let sql = format!(
            "INSERT INTO otel.coverage (view, version, first_day, as_of, at) \
             SELECT view, version, first_day, least(fromUnixTimestamp64Micro(micros, 'UTC'), now64(6, 'UTC')), \
             fromUnixTimestamp64Micro(toInt64({at}), 'UTC') \
             FROM values('view String, version String, first_day Nullable(UInt16), micros Int64', {})",
            rows.join(", ")
        );
        self.insert_select("write otel.coverage", &sql, &Vec::new())
            .await?;
        let moved = |(key, next): (&CoverageKey, &Coverage)| {
            let before = bookkeeping.coverage.get(key);
            before.is_none_or(|before| before.first_day != next.first_day)
        };
        if coverage.iter().any(moved) {
            self.update_guards().await?;
        }
        bookkeeping.coverage.extend(coverage);
        Ok(())
    }
}

impl Bookkeeping {
    fn next_time(&mut self) -> i64 {
        self.last = Timestamp::now().as_microsecond().max(self.last + 1);
        self.last
    }
}

fn record(row: LedgerRow) -> Record {
    Record {
        table: row.table,
        day: day::from_clickhouse(row.day),
        path: row.path,
        entry: Entry {
            rows: row.rows,
            sequence_number: row.sequence_number,
            state: match row.state {
                1 => FileState::Loading,
                2 => FileState::Loaded,
                _ => FileState::Gone,
            },
        },
    }
}
