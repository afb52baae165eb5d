//! The interface between the dashboard and the program that hosts it.

use std::{future::Future, pin::Pin, sync::Arc};

use lakefront_api::{
    Estimate, HealthReply, IngestHealth, LakeHealth, Problem, QueryInfo, QueryReply, QueryRequest,
    SearchReply, SearchRequest, SentStatement, SqlRequest,
};
use serde_json::Value;

/// A future answer of the host. It must be `Send`, so a Worker wraps its own in a `SendWrapper`.
pub type HostFuture<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// The functions that the dashboard calls in the program that hosts it. The contract is that of the HTTP interface.
pub trait Backends: Send + Sync + 'static {
    /// `GET /queries`: returns the catalogue, in the order in which panels are shown.
    fn catalogue(&self) -> &'static [QueryInfo];
    /// `POST /query`: runs a named query.
    fn query(&self, request: QueryRequest) -> HostFuture<QueryReply>;
    /// `POST /search`: searches logs or traces.
    fn search(&self, request: SearchRequest) -> HostFuture<SearchReply>;
    /// `POST /sql`: runs one read-only statement over the `otel` tables.
    fn sql(&self, request: SqlRequest) -> HostFuture<QueryReply>;
    /// Runs a named query, a search, or a statement as [`Backends::sql`] does, whose answer is a Parquet file of the engine.
    fn parquet(&self, request: FileRequest) -> HostFuture<ParquetFile>;
    /// `POST /sql/estimate`: returns what a statement would read of the lake.
    fn estimate(&self, request: SqlRequest) -> HostFuture<Estimate>;
    /// Runs a statement of the dashboard's own, as [`Backends::sql`] does, and records no event of it.
    fn own_sql(&self, request: SqlRequest) -> HostFuture<QueryReply>;
    /// Returns the statement with which the lake would answer a named query. It does not run.
    ///
    /// # Errors
    /// The same problems as of [`Backends::query`], except those that an engine reports.
    fn lake_statement(&self, request: QueryRequest) -> Result<SentStatement, Problem>;
    /// Returns the statement with which the lake would answer a search over its whole range. It does not run.
    ///
    /// # Errors
    /// The same problems as of [`Backends::search`], except those that an engine reports.
    fn search_statement(&self, request: SearchRequest) -> Result<SentStatement, Problem>;
    /// `GET /health`: returns the state of each backend.
    fn health(&self) -> HostFuture<HealthReply>;
    /// Returns the lake's tables as chDB sees them, or `None` while chDB is asleep. The call does not wake it.
    fn lake(&self) -> HostFuture<Option<LakeHealth>>;
    /// Returns the `/health` of ingest, or `None` if the host has no address of ingest.
    fn ingest(&self) -> HostFuture<Option<IngestHealth>>;
    /// Runs a statement about sync's own tables in each ClickHouse and returns every answer.
    fn clickhouses(&self, sql: &'static str) -> HostFuture<Vec<ServerRows>>;
    /// Returns the address to which an OpenTelemetry SDK sends, without the signal's path: `http://127.0.0.1:4318`.
    fn otlp_endpoint(&self) -> String;
}

/// The question that a file answers.
#[derive(Debug, Clone, PartialEq)]
pub enum FileRequest {
    /// A named query.
    Named(QueryRequest),
    /// A search, as one statement over its whole range.
    Search(SearchRequest),
    /// A statement.
    Sql(SqlRequest),
}

/// An answer as a Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetFile {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// True if a limit on rows cut the answer.
    pub truncated: bool,
}

/// The answer of one ClickHouse.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRows {
    /// The server's name in the configuration.
    pub name: String,
    /// The rows, or the reason why there is no answer. A table that does not exist yet has no rows.
    pub rows: Result<Vec<Vec<Value>>, String>,
}

/// The host's [`Backends`]. The host puts it into the context of every rendering and every server function.
#[derive(Clone)]
pub struct QueryService(Arc<dyn Backends>);

impl QueryService {
    /// Wraps the host's backends.
    pub fn new(backends: impl Backends) -> Self {
        Self(Arc::new(backends))
    }
}

impl std::ops::Deref for QueryService {
    type Target = dyn Backends;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
