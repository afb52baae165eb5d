//! The bodies of `POST /query` of the chDB container. The router sends statements through the ClickHouse interface
//! instead.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Column, Stats};

/// The body of `POST /query` of the chDB container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EngineQueryRequest {
    /// One statement, with placeholders such as `{user:String}`.
    pub sql: String,
    /// The values of the placeholders.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// A ClickHouse format, in whose bytes the reply is sent. Without one the reply is an [`EngineQueryReply`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// The reply to a request that names no format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineQueryReply {
    /// The columns of the answer.
    pub columns: Vec<Column>,
    /// The rows: one value for each column.
    pub rows: Vec<Vec<Value>>,
    /// True if a limit cut the answer.
    pub truncated: bool,
    /// The work that the engine did.
    pub stats: Stats,
    /// The time from the request's arrival to its answer, in milliseconds.
    pub elapsed_ms: f64,
}

/// An error: the engine's exception as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineQueryError {
    /// The error code of ClickHouse, as in `system.errors`.
    pub code: u32,
    /// The name of the code, such as `UNKNOWN_TABLE`.
    pub name: String,
    /// The message.
    pub message: String,
}
