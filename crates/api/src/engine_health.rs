use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `GET /health` of the chDB container: engine and lake apart. 200 when the engine answers, else 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineHealth {
    /// The engine.
    pub engine: EngineState,
    /// The lake it reads.
    pub lake: LakeHealth,
}

/// Whether the engine runs statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineState {
    /// Whether it answered just now.
    pub healthy: bool,
    /// Its version.
    pub version: String,
    /// How long it took to answer, in milliseconds.
    pub latency_ms: f64,
    /// Queries that run.
    pub running: u64,
    /// Queries that wait for a slot.
    pub waiting: u64,
    /// Why it is not healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What the last look at the lake found. Looks happen in the background and with queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LakeHealth {
    /// Whether it can be read.
    pub state: LakeState,
    /// When that look began. It stands still while the lake's catalog does not answer.
    pub as_of: Option<Timestamp>,
    /// Why it can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its tables.
    pub tables: Vec<TableHealth>,
}

/// Whether a lake can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LakeState {
    /// It has tables with a snapshot.
    Ready,
    /// It has tables, but nothing was ever committed.
    Empty,
    /// It has no tables yet.
    Missing,
    /// No table can be read.
    Unreadable,
}

/// The current snapshot of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableHealth {
    /// Its name, without the database.
    pub name: String,
    /// The snapshot's id: 64 bits, and so text.
    pub snapshot_id: Option<String>,
    /// When it was committed.
    pub snapshot_time: Option<Timestamp>,
    /// Now minus that, in seconds.
    pub age_seconds: Option<u64>,
    /// Rows in the table.
    pub rows: Option<u64>,
    /// Data files of the table.
    pub data_files: Option<u64>,
    /// Bytes of those files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<u64>,
    /// Snapshots that are kept, the current one among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<u64>,
    /// The first UTC day of which it has a row, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Date>,
    /// Why it can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
