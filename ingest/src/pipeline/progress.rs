//! The progress of the commits, for acknowledgements and `/health`.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// The progress of the commits.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Writer number of this log.
    pub writer: u16,
    /// The last position up to which everything is committed.
    pub position: u64,
    /// True if the latest attempt to commit failed.
    pub failing: bool,
    /// The last commit of each table since the start.
    pub last_commit: BTreeMap<&'static str, CommitRecord>,
    /// The last failure since the start.
    pub last_error: Option<Failure>,
}

/// A successful commit of a table.
#[derive(Clone, Debug, Serialize)]
pub struct CommitRecord {
    /// Time of the commit, RFC 3339.
    pub at: String,
    /// Number of rows that the commit added.
    pub rows: usize,
    /// Number of data files that the commit added.
    pub files: usize,
    /// Duration in milliseconds, with the writing of the files.
    pub elapsed_ms: f64,
}

/// A failed attempt to commit.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Time of the attempt, RFC 3339.
    pub at: String,
    /// The table of the commit.
    pub table: &'static str,
    /// The error.
    pub message: String,
}

impl Progress {
    /// Returns the progress at the start of the program.
    pub fn new(writer: u16, position: u64) -> Self {
        Self {
            writer,
            position,
            failing: false,
            last_commit: BTreeMap::new(),
            last_error: None,
        }
    }
}

/// Returns the current time, RFC 3339, to the millisecond.
pub fn now() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |time| time.to_string())
}
