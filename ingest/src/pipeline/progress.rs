//! How far the lake is, for acknowledgements and `/health`.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// How far the lake is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Number of this log.
    pub writer: u16,
    /// Everything up to this position is committed.
    pub position: u64,
    /// Whether the latest attempt to commit failed.
    pub failing: bool,
    /// The last commit of each table since the start.
    pub last_commit: BTreeMap<&'static str, CommitRecord>,
    /// The last failure since the start.
    pub last_error: Option<Failure>,
}

/// A commit.
#[derive(Clone, Debug, Serialize)]
pub struct CommitRecord {
    /// When, RFC 3339.
    pub at: String,
    /// Rows it added.
    pub rows: usize,
    /// Data files it added.
    pub files: usize,
    /// Milliseconds it took, writing the files included.
    pub elapsed_ms: f64,
}

/// A failure.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// When, RFC 3339.
    pub at: String,
    /// Of which table.
    pub table: &'static str,
    /// What happened.
    pub message: String,
}

impl Progress {
    /// At the start.
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

/// Now, RFC 3339, to the millisecond.
pub fn now() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |time| time.to_string())
}
