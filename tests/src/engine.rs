//! The program `lakefront-chdb-container` over a lake.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use lakefront_api::{BackendKind, BackendState, QueryRequest};
use lakefront_clickhouse_http::{Answer, Endpoint, Statement};
use lakefront_query::{Backend, Resolved, Topology, plan, resolve};
use tempfile::TempDir;

use crate::process::{command, free_address};
use crate::{LakeAt, Process};

/// A running chDB over a lake.
#[derive(Debug)]
pub struct Engine {
    endpoint: Endpoint,
    client: reqwest::Client,
    process: Process,
    _temporary: TempDir,
}

impl Engine {
    /// Starts chDB over a lake and waits until it is ready.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start(lake: &LakeAt) -> Result<Self> {
        Self::start_at(&free_address()?, lake).await
    }

    /// Starts chDB like [`Self::start`], at the given address.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start_at(address: &str, lake: &LakeAt) -> Result<Self> {
        let mut command = command("lakefront-chdb-container")?;
        // A killed program leaves its cached files of the store in this folder.
        let temporary = TempDir::new()?;
        command
            .args(["--listen", address])
            .envs(lake.environment())
            .env("LAKEFRONT_CHDB_LOOK_EVERY", "0.2")
            .env("TMPDIR", temporary.path());
        let mut process = Process::run("lakefront-chdb-container", command)?;
        process.ready(&format!("http://{address}/health")).await?;
        Ok(Self {
            endpoint: Endpoint::new(format!("http://{address}/").parse()?),
            client: reqwest::Client::new(),
            process,
            _temporary: temporary,
        })
    }

    /// Returns the address of the ClickHouse interface: `http://127.0.0.1:port/`.
    pub fn url(&self) -> &str {
        self.endpoint.url.as_str()
    }

    /// Returns the last lines of the program's output.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Returns a counter of the engine (`system.events`) from `/metrics`. A counter that is not listed is 0.
    ///
    /// # Errors
    /// Returns an error if the engine does not list its counters.
    pub async fn counter(&self, event: &str) -> Result<u64> {
        self.metric(&format!("lakefront_chdb_engine_event_total{{event=\"{event}\"}}"))
            .await
    }

    /// Returns the value of a metric in `/metrics`. A metric that is not listed is 0.
    ///
    /// # Errors
    /// Returns an error if `/metrics` cannot be read.
    pub async fn metric(&self, name: &str) -> Result<u64> {
        let text = reqwest::get(self.endpoint.url.join("metrics")?)
            .await?
            .error_for_status()?
            .text()
            .await?;
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .map_or(Ok(0), |value| Ok(value.trim().parse()?))
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Answers a named query as the router does: resolves it, plans it, and queries the engine.
    ///
    /// # Errors
    /// Returns the problem that the router would report, or the engine's exception.
    pub async fn query(&self, request: &QueryRequest, now: Timestamp) -> Result<Answer> {
        self.answer(&resolve(request, now)?, now).await
    }

    /// Answers a resolved query or a slice of a search as the router does.
    ///
    /// # Errors
    /// Returns the problem that the router would report, or the engine's exception.
    pub async fn answer(&self, resolved: &Resolved, now: Timestamp) -> Result<Answer> {
        let chdb = Backend {
            name: "chdb".into(),
            kind: BackendKind::Chdb,
            region: None,
            state: BackendState::Healthy,
            hot: None,
        };
        let topology = Topology {
            backends: vec![chdb],
            first_day: None,
        };
        let planned = plan(resolved, &topology, now)?;
        let attempt = planned.attempts.into_iter().next().context("the plan is empty")?;
        self.ask(&attempt.statement).await
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.ask(&Statement::new(sql)).await
    }

    async fn ask(&self, statement: &Statement) -> Result<Answer> {
        let (parts, body) = self.endpoint.request(statement)?.into_parts();
        let reply = self
            .client
            .post(parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .with_context(|| self.process.output())?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let bytes = reply.bytes().await?;
        Answer::read(statement, status, &headers, &bytes)
            .with_context(|| format!("{}\n{:?}", statement.sql, statement.params))
    }
}
