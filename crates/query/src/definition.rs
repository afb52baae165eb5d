use lakefront_api::QueryInfo;
use serde::{Deserialize, Serialize};

/// A named query: what a caller can know of it, and its statement over the lake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What `GET /queries` shows.
    pub info: QueryInfo,
    /// The statement over the lake's tables, with typed placeholders.
    pub lake_sql: String,
}
