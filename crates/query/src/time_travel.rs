//! Points in the lake's past, for queries with `at` (time travel).

use std::str::FromStr;

use jiff::Timestamp;
use lakefront_api::{Problem, ProblemType};

/// A point in the lake's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The id of a table's snapshot.
    Snapshot(i64),
    /// A time: the query reads the newest snapshot at that time.
    Time(Timestamp),
}

impl AsOf {
    /// Returns the time at which the data of an answer ends: this point, or `now` for a snapshot, whose time only the
    /// engine knows.
    pub fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Snapshot(_) => now,
            Self::Time(time) => time.min(now),
        }
    }

    /// Returns the engine setting, name and value, with which a statement reads the lake at this point.
    pub fn setting(self) -> (String, String) {
        match self {
            Self::Snapshot(id) => ("iceberg_snapshot_id".into(), id.to_string()),
            Self::Time(time) => ("iceberg_timestamp_ms".into(), time.as_millisecond().to_string()),
        }
    }
}

impl FromStr for AsOf {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Snapshot(id));
        }
        text.parse().map(Self::Time).map_err(|_| {
            Problem::new(
                ProblemType::BadRequest,
                "at: expected the id of a snapshot or an RFC 3339 time",
            )
        })
    }
}
