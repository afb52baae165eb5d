//! The `/health` document of ingest: its write-ahead log, commits, failures and losses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The reply to `GET /health` of ingest. The status is 200 while ingest accepts requests, else 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestHealth {
    /// True if ingest accepts requests.
    pub ready: bool,
    /// The reason for which no requests are accepted.
    pub refusing: Option<String>,
    /// The number of accepted records per second, over the last minute.
    pub records_per_second: f64,
    /// The state of the write-ahead log.
    pub wal: IngestLog,
    /// The last commit of each table since the start, by the table's name.
    pub last_commit: BTreeMap<String, IngestCommit>,
    /// The last failed commit, which is kept when later commits succeed.
    pub last_error: Option<IngestFailure>,
    /// The compaction since the start. `None` from an ingest of an older version.
    #[serde(default)]
    pub compaction: Option<IngestCompaction>,
    /// The retention of the lake since the start. `None` from an ingest of an older version.
    #[serde(default)]
    pub retention: Option<IngestRetention>,
    /// The last refused request since the start.
    pub last_refusal: Option<IngestRefusal>,
    /// The last request since the start that was accepted without some of its records or values.
    pub last_loss: Option<IngestLoss>,
    /// The number of records since the start whose times were shifted, because their device's clock is wrong.
    #[serde(default)]
    pub shifted_records: u64,
}

/// The state of the write-ahead log: its backlog, which is the part not yet in the lake, and its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestLog {
    /// The number of this log in the lake's table properties.
    pub writer: u16,
    /// The size of the records that are not in the lake yet, in bytes.
    pub backlog_bytes: u64,
    /// The number of records that are not in the lake yet.
    pub backlog_records: u64,
    /// The size of the log on disk, in bytes.
    pub disk_bytes: u64,
    /// The size on disk in bytes at which requests are refused with 503.
    pub limit_bytes: u64,
}

/// A commit of one table to the lake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestCommit {
    /// When the commit happened.
    pub at: Timestamp,
    /// The number of rows that the commit added.
    pub rows: u64,
    /// The number of data files that the commit added.
    pub files: u64,
    /// The duration of the commit in milliseconds, with the time to write its files.
    pub elapsed_ms: f64,
}

/// A failed commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestFailure {
    /// When the commit failed.
    pub at: Timestamp,
    /// The name of the table.
    pub table: String,
    /// The error message.
    pub message: String,
}

/// A refused request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestRefusal {
    /// When the request was refused.
    pub at: Timestamp,
    /// The path of the request.
    pub path: String,
    /// The HTTP status of the reply.
    pub status: u16,
    /// The label of the reason in ingest's metrics.
    pub reason: String,
    /// The message in the reply.
    pub message: String,
}

/// A request that was accepted without some of its records or values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestLoss {
    /// When the request arrived.
    pub at: Timestamp,
    /// The path of the request.
    pub path: String,
    /// The number of rejected records.
    pub rejected_records: u64,
    /// The number of values that were changed or left out in the accepted records.
    pub changed_values: u64,
    /// The message in the reply, which names the first records and values.
    pub message: String,
}

/// The compaction of the lake since the start: small files are rewritten as few large ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestCompaction {
    /// True unless compaction is turned off.
    pub enabled: bool,
    /// The number of rewrites.
    pub rewrites: u64,
    /// The number of replaced files.
    pub files_before: u64,
    /// The number of files that replaced them.
    pub files_after: u64,
    /// The size of the replaced files, in bytes.
    pub bytes_rewritten: u64,
    /// The last rewrite.
    pub last_run: Option<IngestRewrite>,
    /// The last failure, which is kept when later rewrites succeed.
    pub last_error: Option<IngestFailure>,
    /// The number of small files of each table when it was last looked at.
    pub small_files: BTreeMap<String, u64>,
    /// The tables that are not compacted, with the reason as a sentence.
    pub left_alone: BTreeMap<String, String>,
}

/// A rewrite of small files that was committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestRewrite {
    /// When the rewrite was committed.
    pub at: Timestamp,
    /// The name of the table.
    pub table: String,
    /// The UTC day of the rows, as `YYYY-MM-DD`.
    pub day: String,
    /// The number of replaced files.
    pub files_before: u64,
    /// The number of files that replaced them.
    pub files_after: u64,
    /// The size of the replaced files, in bytes.
    pub bytes: u64,
    /// The duration in milliseconds, with the rests in between.
    pub elapsed_ms: f64,
}

/// The retention of the lake since the start: whole days that a table no longer keeps are dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestRetention {
    /// The number of days that a table keeps. A table without an entry keeps all.
    pub keep_days: BTreeMap<String, u16>,
    /// When the last run ended.
    pub last_run: Option<Timestamp>,
    /// When the next run is due. `None` if no table has a number of days.
    pub next_run: Option<Timestamp>,
    /// The last drop of each table.
    pub last_drop: BTreeMap<String, IngestDrop>,
    /// The last failure, which is kept when later runs succeed.
    pub last_error: Option<IngestFailure>,
}

/// Days that were dropped from a table in one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IngestDrop {
    /// When the days were dropped.
    pub at: Timestamp,
    /// The first of the UTC days, as `YYYY-MM-DD`.
    pub first_day: String,
    /// The last of the UTC days, as `YYYY-MM-DD`.
    pub last_day: String,
    /// The number of days.
    pub days: u64,
    /// The number of data files.
    pub files: u64,
    /// The number of rows.
    pub rows: u64,
    /// The size of the files, in bytes.
    pub bytes: u64,
}
