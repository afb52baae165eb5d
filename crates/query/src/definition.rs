//! The definition of a named query, as the build script writes it and the plan reads it.

use lakefront_api::QueryInfo;
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

/// A statement over the tables that sync fills in ClickHouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotStatement {
    /// The whole statement, with typed placeholders and a guard on `otel.covered`.
    ///
    /// The statement fails with `FUNCTION_THROW_IF_VALUE_IS_NON_ZERO` unless `otel.covered` reports all tables in
    /// `reads` as complete from `{first_day:Date}` on. A server that was wiped or is half filled therefore never
    /// answers.
    pub sql: String,
    /// The tables that the statement reads: a view, optionally with its view by day, or raw tables.
    pub reads: Vec<CoverageKey>,
    /// Number of whole UTC days before today that these tables keep.
    pub retention_days: u16,
    /// True if the statement reads raw tables by their indexes, false if it reads a view.
    pub indexed: bool,
}

/// A view or raw table in ClickHouse, as `otel.coverage` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageKey {
    /// The name of the view or raw table, without its version.
    pub name: String,
    /// The version that the statement needs.
    pub version: String,
}
