//! The ledger: the record, in each ClickHouse, of the data files that sync has loaded there.
//!
//! A file's row is `loading` before its insert and `loaded` after it. The ledger therefore lists every file that may be
//! in the tables, whenever sync is killed. Comparing it with the lake's files ([`compare`]) needs neither history nor
//! clocks.

mod compare;

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

pub use compare::{Compaction, Difference, RebuildReason, compare};

/// Path of the row that marks a day whose partitions are being replaced. No data file has this path. While the row is
/// `loading`, [`compare`] therefore returns [`RebuildReason::Unfinished`], and the day is rebuilt.
pub const REPLACING: &str = "replacing";

/// Path of the row, under a view's table, that marks a day from before the view's creation: `loading` until the day is
/// filled.
pub const FILL: &str = "fill";

/// A data file of the lake's current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// The table of the lake.
    pub table: &'static str,
    /// Path in the lake's folder, as the ledger stores it: `otel/otel_logs/data/Timestamp_day=2026-03-01/….parquet`.
    pub path: String,
    /// Path in the table's folder: `data/Timestamp_day=2026-03-01/….parquet`.
    pub path_in_table: String,
    /// The UTC day of all rows.
    pub day: Date,
    pub rows: u64,
    /// The Iceberg data sequence number, which orders files by the age of their rows. The output of a compaction has
    /// the highest one of its inputs.
    pub sequence_number: i64,
}

/// The state of a file in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// The file may be in the tables wholly, partly or not at all.
    Loading,
    /// The file is in the tables.
    Loaded,
    /// The file's rows are not in the tables, or are there as part of other files.
    Gone,
}

/// The value of a ledger row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of rows of the file.
    pub rows: u64,
    /// The Iceberg data sequence number of the file.
    pub sequence_number: i64,
    /// The state of the file.
    pub state: FileState,
}

/// The ledger rows of one table and day, by path.
pub type Entries = BTreeMap<String, Entry>;

/// A row of the ledger: table, day, path and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The raw table, or a view's table.
    pub table: String,
    /// The UTC day.
    pub day: Date,
    /// The path of the file, or [`REPLACING`] or [`FILL`].
    pub path: String,
    /// The value of the row.
    pub entry: Entry,
}

impl Record {
    /// Returns the row of a data file.
    pub fn of_file(table: &str, file: &DataFile, state: FileState) -> Self {
        Self {
            table: table.to_owned(),
            day: file.day,
            path: file.path.clone(),
            entry: Entry {
                rows: file.rows,
                sequence_number: file.sequence_number,
                state,
            },
        }
    }

    /// Returns a row without a file: [`REPLACING`] or [`FILL`].
    pub fn mark(table: &str, day: Date, path: &str, state: FileState) -> Self {
        Self {
            table: table.to_owned(),
            day,
            path: path.to_owned(),
            entry: Entry {
                rows: 0,
                sequence_number: 0,
                state,
            },
        }
    }
}

/// The whole ledger of a ClickHouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    tables: BTreeMap<String, BTreeMap<Date, Entries>>,
}

impl Ledger {
    /// Returns the rows of a table's day.
    pub fn day(&self, table: &str, day: Date) -> Option<&Entries> {
        self.tables.get(table)?.get(&day)
    }

    /// Returns the days of a table that have rows, with these rows.
    pub fn days(&self, table: &str) -> impl Iterator<Item = (Date, &Entries)> {
        self.tables
            .get(table)
            .into_iter()
            .flatten()
            .map(|(day, entries)| (*day, entries))
    }

    /// Adds a row, in place of an older one with the same table, day and path.
    pub fn put(&mut self, record: Record) {
        let days = self.tables.entry(record.table).or_default();
        days.entry(record.day)
            .or_default()
            .insert(record.path, record.entry);
    }

    /// Returns the days from before the creation of a view's table that are not filled yet.
    pub fn unfilled(&self, view_table: &str) -> impl Iterator<Item = Date> {
        self.days(view_table).filter_map(|(day, entries)| {
            let fill = entries.get(FILL)?;
            (fill.state == FileState::Loading).then_some(day)
        })
    }

    /// Returns the sequence numbers of a table's loaded files that are no longer in the lake.
    pub fn gone_numbers<'a>(&self, table: &str, in_lake: impl Fn(&str) -> bool + 'a) -> HashSet<i64> {
        self.days(table)
            .flat_map(|(_, entries)| entries)
            .filter(|(path, entry)| entry.state == FileState::Loaded && !in_lake(path))
            .map(|(_, entry)| entry.sequence_number)
            .collect()
    }

    /// Returns true if the table may hold any rows of the day's files.
    pub fn touched(&self, table: &str, day: Date) -> bool {
        let files = self.day(table, day).into_iter().flatten();
        files.into_iter().any(|(_, entry)| entry.state != FileState::Gone)
    }
}
