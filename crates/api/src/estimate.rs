//! What a statement would read, and how far a running one is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a statement would read of the lake, by the bounds of its files. The reply to `POST /sql/estimate`.
///
/// The engine reads this much at most: it also skips parts of files, columns that the statement does not name, and what a
/// LIMIT leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The rows of all tables.
    pub rows: u64,
    /// The files of all tables.
    pub files: u64,
    /// The size of these files with all their columns, in bytes.
    pub bytes: u64,
    /// The requests to the object store, if the lake is on one: one for each file of the days that the statement reads. Files that the
    /// engine has not read before take more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_requests: Option<u64>,
    /// The tables, once for each time that the statement reads them.
    pub tables: Vec<TableEstimate>,
}

/// What a statement would read of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableEstimate {
    /// The name of the table.
    pub name: String,
    /// The rows of the files.
    pub rows: u64,
    /// The files that may have rows of the statement's times.
    pub files: u64,
    /// The size of these files, in bytes.
    pub bytes: u64,
    /// The earliest time of the statement's condition, if it has one.
    pub from: Option<Timestamp>,
    /// The end of the times of the statement's condition, if it has one.
    pub to: Option<Timestamp>,
}

impl FromIterator<TableEstimate> for Estimate {
    fn from_iter<I: IntoIterator<Item = TableEstimate>>(tables: I) -> Self {
        let tables: Vec<_> = tables.into_iter().collect();
        let sum = |of: fn(&TableEstimate) -> u64| tables.iter().map(of).fold(0, u64::saturating_add);
        Self {
            rows: sum(|table| table.rows),
            files: sum(|table| table.files),
            bytes: sum(|table| table.bytes),
            store_requests: None,
            tables,
        }
    }
}

/// The state of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProgressState {
    /// No statement has the id: it has ended, or has not arrived.
    #[default]
    None,
    /// The statement waits for others.
    Waits,
    /// The engine runs the statement.
    Runs,
}

/// How far a statement is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The state.
    pub state: ProgressState,
    /// The time since the engine began, in milliseconds.
    pub elapsed_ms: f64,
    /// The rows read so far.
    pub rows_read: u64,
    /// The bytes read so far, uncompressed.
    pub bytes_read: u64,
}
