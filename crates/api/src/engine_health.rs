//! The `/health` document of the chDB container: the engine and the lake that it reads.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The beginning of the container's exception for a query about a past state that the lake does not have. Its code is
/// that of `BAD_ARGUMENTS`.
pub const NO_SUCH_STATE: &str = "The lake has no such state";

/// The reply to `GET /health` of the chDB container. The status is 200 if the engine answers, else 503, whatever the
/// lake's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineHealth {
    /// The state of the engine.
    pub engine: EngineState,
    /// The state of the lake.
    pub lake: LakeHealth,
}

/// The state of the engine: whether it runs statements, and how busy it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineState {
    /// True if the engine has just answered a statement.
    pub healthy: bool,
    /// The engine's version.
    pub version: String,
    /// The duration of that statement, in milliseconds.
    pub latency_ms: f64,
    /// The number of running queries.
    pub running: u64,
    /// The number of queries that wait for a slot.
    pub waiting: u64,
    /// The reason why the engine is not healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The result of the last check of the lake. Checks run in the background and with queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LakeHealth {
    /// The state, which says if the lake can be read.
    pub state: LakeState,
    /// When that check began. The time does not advance while the lake's catalog does not answer.
    pub as_of: Option<Timestamp>,
    /// The time since the check that read the first days of the tables, in milliseconds. Rows of earlier days may be in
    /// the lake since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_days_age_ms: Option<u64>,
    /// The reason why the lake cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The full hours for which a table keeps its state by name, newest first. Queries about these times are exact, also
    /// after the many states of the last minutes are gone. At most [`MOST_PAST_STATES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_states: Vec<Timestamp>,
    /// The tables of the lake.
    pub tables: Vec<TableHealth>,
}

/// The most hours that [`LakeHealth::past_states`] lists. A lake keeps 168 of them by default.
pub const MOST_PAST_STATES: usize = 400;

/// The states of a lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LakeState {
    /// The lake has tables with a snapshot.
    Ready,
    /// The lake has tables without any commit.
    Empty,
    /// The lake has no tables yet.
    Missing,
    /// No table of the lake can be read.
    Unreadable,
}

/// The current snapshot of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableHealth {
    /// The table's name, without the database.
    pub name: String,
    /// The snapshot's id, as text because JavaScript rounds 64-bit numbers.
    pub snapshot_id: Option<String>,
    /// When the snapshot was committed.
    pub snapshot_time: Option<Timestamp>,
    /// The snapshot's age, in seconds.
    pub age_seconds: Option<u64>,
    /// The number of rows in the table.
    pub rows: Option<u64>,
    /// The number of data files of the table.
    pub data_files: Option<u64>,
    /// The size of those files, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<u64>,
    /// The number of snapshots that are kept, with the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<u64>,
    /// When the oldest of them was committed. Queries about the past can go back to this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_snapshot_time: Option<Timestamp>,
    /// The first UTC day for which the table has a row, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Date>,
    /// The reason why the table cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
