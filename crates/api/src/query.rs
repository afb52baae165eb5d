use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::TimeRange;

/// `POST /query`: a named query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueryRequest {
    /// The name of a folder under `queries/`.
    pub query: String,
    /// The range; its ends move outward to the query's bucket in `tz`.
    #[serde(default)]
    pub time_range: TimeRange,
    /// Values of the query's parameters; those left out take their defaults.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// The IANA time zone in which hours and days are cut.
    #[serde(default = "utc")]
    pub tz: String,
    /// Which engine may answer.
    #[serde(default)]
    pub backend: BackendChoice,
    /// The oldest answer that is still welcome, in seconds behind now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lag_seconds: Option<u64>,
    /// Answer from the lake's past: a snapshot id or an RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether the reply carries the statement that was sent to the engine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explain: bool,
}

fn utc() -> String {
    "UTC".into()
}

/// `POST /sql`: ad-hoc SQL, one read-only statement over the `otel` tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqlRequest {
    /// The statement, with typed placeholders such as `{user:String}`.
    pub sql: String,
    /// Values of the placeholders.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
}

/// Which engine the caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendChoice {
    /// The plan decides.
    #[default]
    Auto,
    /// Only chDB over the lake.
    Chdb,
    /// Only a ClickHouse with a complete view.
    Clickhouse,
}

/// What kind of engine answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// chDB over Iceberg.
    Chdb,
    /// ClickHouse with materialized views.
    Clickhouse,
}

impl BackendKind {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chdb => "chdb",
            Self::Clickhouse => "clickhouse",
        }
    }
}

/// Why this engine answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A ClickHouse has a complete view.
    View,
    /// A ClickHouse has the raw table, and the query is an index read there.
    Indexed,
    /// No ClickHouse is configured.
    NoClickhouse,
    /// The query has no view.
    NoView,
    /// The range begins before what views keep.
    OutsideRetention,
    /// The view does not hold all of the range.
    Incomplete,
    /// ClickHouse is further behind the lake than the range allows.
    Lagging,
    /// Every ClickHouse is down.
    UnhealthyClickhouse,
    /// The planned engine failed, the next one answered.
    Failover,
    /// The lake cannot be read, ClickHouse answered, late or not.
    LakeDown,
    /// The caller named the engine.
    Forced,
    /// The caller asked for the past.
    At,
}

impl Reason {
    /// The name on the wire.
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

    /// One sentence for people.
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
    /// Its name.
    pub name: String,
    /// Its ClickHouse type, as the engine names it.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// The range a reply covers, after its ends moved outward to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first instant inside.
    #[serde(deserialize_with = "crate::instant::required")]
    pub from: Timestamp,
    /// The first instant after.
    #[serde(deserialize_with = "crate::instant::required")]
    pub to: Timestamp,
}

/// What the engine read for an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Rows read from storage.
    pub rows_read: u64,
    /// Bytes read, uncompressed.
    pub bytes_read: u64,
    /// Requests to the lake's store, where that is an object store. Those for other queries at the same time are among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_requests: Option<u64>,
}

/// The reply to `/query` and `/sql`, the same shape from either engine.
///
/// Times are RFC 3339 in UTC, days `YYYY-MM-DD`, numbers are numbers, NaN is null. Decimals, and whole numbers beyond
/// 2^53 - 1, are text: doubles would round them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryReply {
    /// Names and types, in the order of the values of a row.
    pub columns: Vec<Column>,
    /// Rows as arrays.
    pub rows: Vec<Vec<Value>>,
    /// Whether the limit on rows or bytes cut the answer.
    pub truncated: bool,
    /// The kind of engine that answered.
    pub backend: BackendKind,
    /// The region of that engine, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Why that engine.
    pub reason: Reason,
    /// The range that was answered; absent for ad-hoc SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// When the engine was last known to hold all of the lake's head.
    #[serde(default, deserialize_with = "crate::instant::optional")]
    pub as_of: Option<Timestamp>,
    /// Now minus `as_of`, in seconds.
    pub lag_seconds: Option<u64>,
    /// From the request's arrival at the router to its answer, in milliseconds.
    pub elapsed_ms: f64,
    /// Of that, waiting for the engine.
    pub backend_ms: f64,
    /// What the engine read.
    pub stats: Stats,
    /// What the engine was sent, where the request asked to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<SentStatement>,
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
    /// Its value.
    pub value: String,
}
