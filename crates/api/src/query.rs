//! The requests and the reply of `/query` and `/sql`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::TimeRange;

/// The body of `POST /query`: a named query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueryRequest {
    /// The query's name, which is a folder under `queries/`.
    pub query: String,
    /// The time range. Its ends move outward to the query's bucket in `tz`.
    #[serde(default)]
    pub time_range: TimeRange,
    /// The values of the query's parameters. A missing parameter takes its default.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// The IANA time zone of the hours and days in the answer.
    #[serde(default = "utc")]
    pub tz: String,
    /// The engines that may answer.
    #[serde(default)]
    pub backend: BackendChoice,
    /// The largest accepted lag of the answer behind the lake, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lag_seconds: Option<u64>,
    /// A snapshot id or an RFC 3339 time. The answer is then from that past state of the lake, and a preset range ends
    /// at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// True if the reply should contain the statement that was sent to the engine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explain: bool,
}

fn utc() -> String {
    "UTC".into()
}

/// The body of `POST /sql`: one read-only statement over the `otel` tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqlRequest {
    /// The statement, with typed placeholders such as `{user:String}`.
    pub sql: String,
    /// The values of the placeholders.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// An id of the caller's choice, by which `DELETE /sql/<id>` stops the statement: 16 to 64 letters, digits and `-`.
    /// Anybody with the id can stop the statement, so the id should be random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The caller's choice of an engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendChoice {
    /// The plan chooses the engine.
    #[default]
    Auto,
    /// Only chDB over the lake.
    Chdb,
    /// Only a ClickHouse with a complete view.
    Clickhouse,
}

/// The kinds of engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// chDB over the Iceberg tables.
    Chdb,
    /// ClickHouse with materialized views.
    Clickhouse,
}

impl BackendKind {
    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chdb => "chdb",
            Self::Clickhouse => "clickhouse",
        }
    }

    /// Returns the engine's name as its makers write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chdb => "chDB",
            Self::Clickhouse => "ClickHouse",
        }
    }
}

/// The reason why a particular engine answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A ClickHouse has a complete view.
    View,
    /// A ClickHouse has the raw table, where an index answers the query.
    Indexed,
    /// No ClickHouse is configured.
    NoClickhouse,
    /// The query has no view.
    NoView,
    /// The range begins before the time that the views keep.
    OutsideRetention,
    /// The view does not hold all of the range.
    Incomplete,
    /// ClickHouse lags further behind the lake than the request allows.
    Lagging,
    /// Every ClickHouse is down.
    UnhealthyClickhouse,
    /// The planned engine failed and the next one answered.
    Failover,
    /// The lake cannot be read. ClickHouse answered, even if it lags.
    LakeDown,
    /// The caller chose the engine.
    Forced,
    /// The caller requested a past state of the lake.
    At,
}

impl Reason {
    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Indexed => "indexed",
            Self::NoClickhouse => "no-clickhouse",
            Self::NoView => "no-view",
            Self::OutsideRetention => "outside-retention",
            Self::Incomplete => "incomplete",
            Self::Lagging => "lagging",
            Self::UnhealthyClickhouse => "unhealthy-clickhouse",
            Self::Failover => "failover",
            Self::LakeDown => "lake-down",
            Self::Forced => "forced",
            Self::At => "at",
        }
    }

    /// Returns a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::View => "a materialized view holds all of this range",
            Self::Indexed => "an index of the raw table answers this",
            Self::NoClickhouse => "no ClickHouse is configured",
            Self::NoView => "no view answers this query",
            Self::OutsideRetention => "the range begins before what the views keep",
            Self::Incomplete => "the view does not hold all of this range yet",
            Self::Lagging => "ClickHouse is too far behind the lake",
            Self::UnhealthyClickhouse => "no ClickHouse is healthy",
            Self::Failover => "the planned engine failed, this one stepped in",
            Self::LakeDown => "the lake cannot be read right now",
            Self::Forced => "you asked for this engine",
            Self::At => "you asked for the lake's past",
        }
    }
}

/// A column of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// The column's ClickHouse type, as the engine names it.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// The time range that a reply covers, after its ends moved outward to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first instant inside the range.
    #[serde(deserialize_with = "crate::instant::required")]
    pub from: Timestamp,
    /// The first instant after the range.
    #[serde(deserialize_with = "crate::instant::required")]
    pub to: Timestamp,
}

/// The amount of data that the engine read for an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The number of rows read from storage.
    pub rows_read: u64,
    /// The number of bytes read, uncompressed.
    pub bytes_read: u64,
    /// The number of requests to the lake's object store, if the lake is on one. Requests of simultaneous queries are
    /// included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_requests: Option<u64>,
    /// The time since the lake's catalog was last read before the answer, in milliseconds. Only chDB reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lake_age_ms: Option<u64>,
}

/// The reply to `/query` and `/sql`, in the same form from either engine.
///
/// Times are RFC 3339 in UTC, days are `YYYY-MM-DD`, numbers are JSON numbers, and NaN is null. Decimals, and whole
/// numbers beyond 2^53 - 1, are text because doubles would round them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryReply {
    /// The names and types of the columns, in the order of a row's values.
    pub columns: Vec<Column>,
    /// The rows, each as an array of values.
    pub rows: Vec<Vec<Value>>,
    /// True if the limit on rows or bytes cut the answer.
    pub truncated: bool,
    /// The kind of engine that answered.
    pub backend: BackendKind,
    /// The region of that engine, if one is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The reason why that engine answered.
    pub reason: Reason,
    /// The range of the answer. Absent for ad-hoc SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// The last time at which the engine's data was current with the lake.
    #[serde(default, deserialize_with = "crate::instant::optional")]
    pub as_of: Option<Timestamp>,
    /// The time since `as_of`, in whole seconds.
    pub lag_seconds: Option<u64>,
    /// The time from the request's arrival at the router to its answer, in milliseconds.
    pub elapsed_ms: f64,
    /// The part of that time in which the router waited for the engine, in milliseconds.
    pub backend_ms: f64,
    /// The part of that time in which the query waited for the engine's container to start, in milliseconds. Absent if the
    /// container ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waking_ms: Option<u64>,
    /// The age of a kept answer, in milliseconds. Absent if an engine answered this request itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The amount of data that the engine read.
    pub stats: Stats,
    /// The statement that was sent to the engine, if `explain` requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<SentStatement>,
}

impl QueryReply {
    /// Returns the time of the answer: `as_of` and the lag. `None` if the state of the data is unknown.
    pub fn answered_at(&self) -> Option<Timestamp> {
        let lag = i64::try_from(self.lag_seconds?).ok()?;
        self.as_of?.checked_add(SignedDuration::from_secs(lag)).ok()
    }
}

/// A statement as it was sent to an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentStatement {
    /// The text, with typed placeholders such as `{user_id:String}`.
    pub sql: String,
    /// The values of the placeholders.
    pub params: Vec<SentParam>,
}

/// The value of a placeholder, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentParam {
    /// The placeholder's name.
    pub name: String,
    /// The placeholder's value.
    pub value: String,
}
