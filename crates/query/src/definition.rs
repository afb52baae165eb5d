//! The definition of a named query, as the build script writes it and the plan reads it.

use lakefront_api::QueryInfo;
use lakefront_hot_tier::HotStatement;
use serde::{Deserialize, Serialize};

/// A named query: its public description and its statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The description that `GET /queries` returns.
    pub info: QueryInfo,
    /// Number of whole days before the range that the query also reads, from `{since:DateTime64(6)}` on. 0 for none.
    pub look_back_days: u16,
    /// The statement over the lake's tables, with typed placeholders.
    pub lake_sql: String,
    /// The statement for ClickHouse, if the query has one.
    pub hot: Option<HotStatement>,
}
