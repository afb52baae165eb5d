use lakefront_api::QueryInfo;
use serde::{Deserialize, Serialize};

/// A named query: what a caller can know of it, and its statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What `GET /queries` shows.
    pub info: QueryInfo,
    /// Whole days before the range that are read as well, from `{since:DateTime64(6)}` on; 0 for none.
    pub look_back_days: u16,
    /// The statement over the lake's tables, with typed placeholders.
    pub lake_sql: String,
    /// How a ClickHouse answers it, where one can.
    pub hot: Option<Hot>,
}

/// A statement over what sync keeps in ClickHouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hot {
    /// The whole statement, with typed placeholders. It fails with `FUNCTION_THROW_IF_VALUE_IS_NON_ZERO` where
    /// `otel.covered` does not say that all of what it reads is held from `{first_day:Date}` on, also when that is
    /// empty: a server that was wiped or is half filled never answers.
    pub sql: String,
    /// What it reads: a view, one by day beside it where there is one, or raw tables.
    pub reads: Vec<Held>,
    /// Whole UTC days before today that they keep.
    pub retention_days: u16,
    /// Whether it reads raw tables by their indexes, not a view.
    pub indexed: bool,
}

/// Something that a ClickHouse holds, as `otel.coverage` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// A view, or a raw table.
    pub name: String,
    /// The version that is asked for.
    pub version: String,
}
