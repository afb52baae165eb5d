use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /health` of ingest, as far as the dashboard shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestHealth {
    /// Whether requests are taken.
    pub ready: bool,
    /// Records taken a second, over the last minute.
    pub records_per_second: f64,
    /// The write-ahead log.
    pub wal: IngestLog,
    /// The last commit of each table since the start.
    pub last_commit: BTreeMap<String, IngestCommit>,
    /// The last failure to commit, kept also when later commits succeeded.
    pub last_error: Option<IngestFailure>,
    /// The last request that was refused since the start.
    pub last_refusal: Option<IngestRefusal>,
}

/// What of the write-ahead log is not in the lake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestLog {
    /// Records that are not in the lake.
    pub backlog_records: u64,
    /// Bytes of them.
    pub backlog_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes on disk at which requests get 503.
    pub limit_bytes: u64,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestCommit {
    /// When.
    pub at: Timestamp,
    /// Milliseconds it took, writing the files included.
    pub elapsed_ms: f64,
}

/// A commit that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestFailure {
    /// When.
    pub at: Timestamp,
    /// Of which table.
    pub table: String,
    /// What happened.
    pub message: String,
}

/// A refused request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestRefusal {
    /// When.
    pub at: Timestamp,
    /// Where it was sent.
    pub path: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// What the sender was told.
    pub message: String,
}
