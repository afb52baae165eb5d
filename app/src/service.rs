use std::{future::Future, pin::Pin, sync::Arc};

use lakefront_api::{
    HealthReply, IngestHealth, LakeHealth, Problem, QueryInfo, QueryReply, QueryRequest, SqlRequest,
};
use serde_json::Value;

/// A future answer of the host. It must be `Send`: a Worker wraps its own in a `SendWrapper`.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// What the dashboard asks of the program that hosts it: the same contract as over HTTP.
pub trait Backends: Send + Sync + 'static {
    /// `GET /queries`: the catalogue, in the order in which panels are shown.
    fn catalogue(&self) -> Vec<QueryInfo>;
    /// `POST /query`: a named query.
    fn query(&self, request: QueryRequest) -> Answer<QueryReply>;
    /// `POST /sql`: one read-only statement over the `otel` tables.
    fn sql(&self, request: SqlRequest) -> Answer<QueryReply>;
    /// `GET /health`: what is known of each backend.
    fn health(&self) -> Answer<HealthReply>;
    /// The lake's tables as chDB sees them; none while that sleeps, and it is not woken for this.
    fn lake(&self) -> Answer<Option<LakeHealth>>;
    /// What ingest tells of itself; none where the host knows of none.
    fn ingest(&self) -> Answer<Option<IngestHealth>>;
    /// The answer of each ClickHouse to a statement about its own books.
    fn clickhouses(&self, sql: &'static str) -> Answer<Vec<Told>>;
    /// Where an OpenTelemetry SDK sends, without the signal's path: `http://127.0.0.1:4318`.
    fn otlp_endpoint(&self) -> String;
}

/// What one ClickHouse answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its name in the configuration.
    pub name: String,
    /// The rows, none of a table that is not there yet; or why there is no answer.
    pub rows: Result<Vec<Vec<Value>>, String>,
}

/// The host's [`Backends`], put into the context of every rendering and of every server function.
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
