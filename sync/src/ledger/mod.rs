//! The ledger: which data files are in a ClickHouse, as far as sync has written it down there.
//!
//! A file's row says `loading` before its insert and `loaded` after it. So whatever is killed when, the ledger knows of every
//! file that may be in the tables: comparing it with the lake's files ([`compare`]) needs neither history nor clocks.

mod compare;

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

pub use compare::{Compaction, Difference, Reason, compare};

/// Path of the row that says that the partitions of a day are being replaced. No data file has it, so while it says `loading` the
/// day is one of which something vanished: it is built again.
pub const REPLACING: &str = "replacing";

/// Path of the row, under a view's table, that says whether a day from before the view was created has been filled.
pub const FILL: &str = "fill";

/// A data file of the lake's current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Where it is in the lake's folder: `otel/otel_logs/data/Timestamp_day=2026-03-01/….parquet`.
    pub path: String,
    /// The UTC day of all its rows.
    pub day: Date,
    /// Rows.
    pub rows: u64,
    /// Its data sequence number: the age of its rows. A compaction's output has the highest of its inputs.
    pub sequence_number: i64,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may be in the tables, wholly, partly or not at all.
    Loading,
    /// It is in the tables.
    Loaded,
    /// Its rows are not there, or there by way of other files.
    Gone,
}

/// A row of the ledger, without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Rows of the file.
    pub rows: u64,
    /// Its data sequence number.
    pub sequence_number: i64,
    /// What is known of it.
    pub state: State,
}

/// The rows of one table and day, by path.
pub type Entries = BTreeMap<String, Entry>;

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The raw table, or a view's table.
    pub table: String,
    /// The UTC day.
    pub day: Date,
    /// The file.
    pub path: String,
    /// What is known of it.
    pub entry: Entry,
}

impl Record {
    /// The row of a data file.
    pub fn of_file(table: &str, file: &DataFile, state: State) -> Self {
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

    /// A row that is about no file: [`REPLACING`] or [`FILL`].
    pub fn mark(table: &str, day: Date, path: &str, state: State) -> Self {
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

/// All of a ClickHouse's ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    tables: BTreeMap<String, BTreeMap<Date, Entries>>,
}

impl Ledger {
    /// The rows of a day.
    pub fn day(&self, table: &str, day: Date) -> Option<&Entries> {
        self.tables.get(table)?.get(&day)
    }

    /// The days of a table that have rows.
    pub fn days(&self, table: &str) -> impl Iterator<Item = (Date, &Entries)> {
        self.tables
            .get(table)
            .into_iter()
            .flatten()
            .map(|(day, entries)| (*day, entries))
    }

    /// Puts a row in the place of an older one.
    pub fn put(&mut self, record: Record) {
        let days = self.tables.entry(record.table).or_default();
        days.entry(record.day)
            .or_default()
            .insert(record.path, record.entry);
    }

    /// The days before the creation of a view's table that are not filled yet.
    pub fn unfilled(&self, view_table: &str) -> impl Iterator<Item = Date> {
        self.days(view_table).filter_map(|(day, entries)| {
            let fill = entries.get(FILL)?;
            (fill.state == State::Loading).then_some(day)
        })
    }

    /// Sequence numbers of a table's loaded files that are not in the lake any more.
    pub fn gone_numbers<'a>(&self, table: &str, in_lake: impl Fn(&str) -> bool + 'a) -> HashSet<i64> {
        self.days(table)
            .flat_map(|(_, entries)| entries)
            .filter(|(path, entry)| entry.state == State::Loaded && !in_lake(path))
            .map(|(_, entry)| entry.sequence_number)
            .collect()
    }

    /// Whether anything of a day may be in the table.
    pub fn touched(&self, table: &str, day: Date) -> bool {
        let files = self.day(table, day).into_iter().flatten();
        files.into_iter().any(|(_, entry)| entry.state != State::Gone)
    }
}
