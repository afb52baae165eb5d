//! The books that sync keeps in a ClickHouse: ledger and coverage.
//!
//! Of two rows on one thing the later counts (`ReplacingMergeTree(at)`). Clocks of machines differ, so a row's time is never
//! before that of a row that was read.

use std::collections::BTreeMap;

use clickhouse::Row;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::coverage::Coverage;
use crate::day;
use crate::error::{Error, Result};
use crate::ledger::{Entry, Ledger, Record, State};

/// What guards of statements would not say as the coverage does. What is not there is as little promised as what is NULL.
const NOT_COVERED_SO: &str = "SELECT count() FROM otel.coverage FINAL WHERE \
    ifNull(first_day, toDate(0)) != ifNull(joinGet('otel.covered', 'first_day', view, version), toDate(0))";
const COVER: &str = "INSERT INTO otel.covered SELECT view, version, first_day FROM otel.coverage FINAL";

/// View or raw table, and version.
pub type CoverageKey = (String, String);

/// Ledger and coverage as they were read, kept up with what is written.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// The ledger.
    pub ledger: Ledger,
    /// The coverage.
    pub coverage: BTreeMap<CoverageKey, Coverage>,
    /// Time of the last row of either.
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
    /// Reads both books; `known` is given back where nobody wrote since.
    pub async fn books(&self, known: Option<Books>) -> Result<Books> {
        let last: i64 = self
            .one(
                "read the ledger",
                "SELECT toUnixTimestamp64Micro(max(at)) FROM \
                 (SELECT max(at) AS at FROM otel.ledger UNION ALL SELECT max(at) AS at FROM otel.coverage)",
            )
            .await?;
        if let Some(known) = known
            && known.last == last
            && last > 0
        {
            return Ok(known);
        }
        let mut books = Books {
            last,
            ..Books::default()
        };
        let expected: u64 = self
            .one("count the ledger", "SELECT count() FROM otel.ledger FINAL")
            .await?;
        let rows: Vec<LedgerRow> = self
            .rows(
                "read the ledger",
                "SELECT table, day, path, rows, sequence_number, state, at FROM otel.ledger FINAL",
            )
            .await?;
        // A limit on results would cut it silently, and files that are loaded would be taken for new.
        if rows.len() as u64 != expected {
            return Err(Error::Ledger {
                target: self.name().to_owned(),
                expected,
                found: rows.len() as u64,
            });
        }
        for row in rows {
            books.ledger.put(record(row));
        }
        let rows: Vec<CoverageRow> = self
            .rows(
                "read the coverage",
                "SELECT view, version, first_day, as_of, at FROM otel.coverage FINAL",
            )
            .await?;
        for row in rows {
            let coverage = Coverage {
                first_day: row.first_day.map(day::from_clickhouse),
                as_of: Timestamp::from_microsecond(row.as_of).unwrap_or(Timestamp::MIN),
            };
            books.coverage.insert((row.view, row.version), coverage);
        }
        Ok(books)
    }

    /// Writes rows of the ledger, all or none.
    pub async fn write_ledger(&self, books: &mut Books, records: Vec<Record>) -> Result<()> {
        let at = books.tick();
        let row = |record: &Record| {
            Some(LedgerRow {
                table: record.table.clone(),
                // What `Date` can't hold is older than anything that is kept.
                day: day::to_clickhouse(record.day)?,
                path: record.path.clone(),
                rows: record.entry.rows,
                sequence_number: record.entry.sequence_number,
                state: match record.entry.state {
                    State::Loading => 1,
                    State::Loaded => 2,
                    State::Gone => 3,
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
            books.ledger.put(record);
        }
        Ok(())
    }

    /// Makes the guards of statements say what the coverage says. Nothing is written when they do: `otel.covered` never forgets a row.
    pub async fn cover(&self) -> Result<()> {
        let differing: u64 = self.one("read otel.covered", NOT_COVERED_SO).await?;
        if differing > 0 {
            self.execute("write otel.covered", COVER).await?;
        }
        Ok(())
    }

    /// Writes rows of the coverage, all or none, and has guards say the same.
    pub async fn write_coverage(
        &self,
        books: &mut Books,
        coverage: BTreeMap<CoverageKey, Coverage>,
    ) -> Result<()> {
        if coverage.is_empty() {
            return Ok(());
        }
        let at = books.tick();
        let row = |((view, version), coverage): (&CoverageKey, &Coverage)| CoverageRow {
            view: view.clone(),
            version: version.clone(),
            first_day: coverage.first_day.and_then(day::to_clickhouse),
            as_of: coverage.as_of.as_microsecond(),
            at,
        };
        let rows: Vec<CoverageRow> = coverage.iter().map(row).collect();
        self.insert("coverage", &rows).await?;
        self.cover().await?;
        books.coverage.extend(coverage);
        Ok(())
    }
}

impl Books {
    fn tick(&mut self) -> i64 {
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
                1 => State::Loading,
                2 => State::Loaded,
                _ => State::Gone,
            },
        },
    }
}
