//! The `/health` document of ingest: its write-ahead log, commits, failures and losses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::TableStatus;

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
    /// The tables of the lake. Empty until ingest has looked at them once, and from an ingest of an older version.
    #[serde(default)]
    pub tables: Vec<TableStatus>,
    /// The rows that landed through Cloudflare Pipelines. `None` from an ingest of an older version.
    #[serde(default)]
    pub landing: Option<IngestLanding>,
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

/// The rows that landed through Cloudflare Pipelines, and that the keeper moves into the lake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestLanding {
    /// True if the keeper is turned on.
    pub enabled: bool,
    /// When the last run ended.
    pub last_run: Option<Timestamp>,
    /// The reconciliation of each table, by its name.
    pub tables: BTreeMap<String, LandingTable>,
    /// The last failure, which is kept when later runs succeed.
    pub last_error: Option<IngestFailure>,
}

/// The reconciliation of one table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LandingTable {
    /// The rows by the hour in which the Worker accepted them. The key is the hour's first moment, such as
    /// `2026-11-29T15:00:00Z`. The last 48 hours with rows are kept.
    pub hours: BTreeMap<String, LandingHour>,
}

impl LandingTable {
    /// Returns the sums of all kept hours, by their names in metrics.
    pub fn stages(&self) -> [(&'static str, u64); 6] {
        let sum = |rows: fn(&LandingHour) -> u64| self.hours.values().map(rows).sum();
        [
            ("accepted", sum(|hour| hour.accepted)),
            ("landed", sum(|hour| hour.landed)),
            ("moved", sum(|hour| hour.moved)),
            ("repeated", sum(|hour| hour.repeated)),
            ("unreadable", sum(|hour| hour.unreadable)),
            ("missing", sum(|hour| hour.missing.unwrap_or_default())),
        ]
    }
}

/// The rows of one table and hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingHour {
    /// Rows that streams have taken, according to the receipts that have landed.
    pub accepted: u64,
    /// Rows in landing files.
    pub landed: u64,
    /// Rows that were moved into the lake.
    pub moved: u64,
    /// Rows that had landed before.
    pub repeated: u64,
    /// Rows that landed and cannot be stored.
    pub unreadable: u64,
    /// Rows that were accepted and did not land. `None` until the hour has been over for 15 minutes.
    pub missing: Option<u64>,
}
