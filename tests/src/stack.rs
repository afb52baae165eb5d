//! Ingest and chDB over one lake.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_clickhouse_http::Answer;
use lakefront_query::Resolved;
use tokio::time::Instant;

use crate::{Engine, Ingest, LakeAt, S3Lake, Sent, TestLake};

/// Running ingest and chDB over their own lake.
#[derive(Debug)]
pub struct Stack {
    client: reqwest::Client,
    // Fields are dropped in this order: the programs before their lake.
    engine: Engine,
    ingest: Ingest,
    lake: TestLake,
}

impl Stack {
    /// Starts both over a [`TestLake`] and waits until they are ready. Ingest commits every 500 ms.
    ///
    /// # Errors
    /// Returns an error if a program does not become ready, with its output.
    pub async fn start() -> Result<Self> {
        Self::start_committing_every("500ms").await
    }

    /// Starts both with the given interval between commits, such as `10s`.
    ///
    /// # Errors
    /// Returns an error if a program does not become ready, with its output.
    pub async fn start_committing_every(interval: &str) -> Result<Self> {
        Self::over(TestLake::start().await?, interval).await
    }

    /// Starts both over a lake that may have tables and rows.
    ///
    /// # Errors
    /// Returns an error if a program does not become ready, with its output.
    pub async fn over(lake: TestLake, interval: &str) -> Result<Self> {
        let arguments = ["--commit-interval", interval];
        Ok(Self {
            client: reqwest::Client::new(),
            ingest: Ingest::start(lake.folder(), &arguments, lake.at()).await?,
            engine: Engine::start(lake.at()).await?,
            lake,
        })
    }

    /// Returns the address for OTLP/HTTP: `http://127.0.0.1:port`.
    pub fn ingest_url(&self) -> &str {
        self.ingest.url()
    }

    /// Returns the address for OTLP/gRPC: `http://127.0.0.1:port`.
    pub fn grpc_url(&self) -> &str {
        self.ingest.grpc_url()
    }

    /// Returns the address of the engine's ClickHouse interface: `http://127.0.0.1:port/`.
    pub fn engine_url(&self) -> &str {
        self.engine.url()
    }

    /// Returns the place of the lake.
    pub fn lake(&self) -> &LakeAt {
        self.lake.at()
    }

    /// Returns the servers of the lake, or `None` for a lake in a folder.
    pub fn servers(&self) -> Option<&S3Lake> {
        self.lake.servers()
    }

    /// Removes the lake or restores it: see [`TestLake::is_there`].
    ///
    /// # Errors
    /// Returns an error if the lake cannot be removed or restored.
    pub async fn lake_is_there(&mut self, there: bool) -> Result<()> {
        self.lake.is_there(there).await
    }

    /// Runs the demo against this stack's ingest, to its end, and waits until the engine returns all of its records.
    ///
    /// # Errors
    /// Returns an error if the demo fails, with its output.
    pub async fn demo(&self, arguments: &[&str]) -> Result<Sent> {
        let sent = self.ingest.demo(arguments).await.with_context(|| self.output())?;
        self.committed("otel_logs", sent.logs).await?;
        self.committed("otel_traces", sent.spans).await?;
        let metrics = ["gauge", "sum", "histogram", "exponential_histogram", "summary"]
            .map(|kind| format!("SELECT RowId FROM otel_metrics_{kind}"))
            .join(" UNION ALL ");
        self.committed(&format!("({metrics})"), sent.points).await?;
        Ok(sent)
    }

    /// Sends an OTLP request (`/v1/logs`, `/v1/traces` or `/v1/metrics`, protobuf).
    ///
    /// # Errors
    /// Returns an error if the status of the answer is no success.
    pub async fn export(&self, path: &str, body: Vec<u8>) -> Result<()> {
        let reply = self
            .client
            .post(format!("{}{path}", self.ingest.url()))
            .header("content-type", "application/x-protobuf")
            .body(body)
            .send()
            .await?;
        let status = reply.status();
        ensure!(status.is_success(), "{path}: {status}: {}", reply.text().await?);
        Ok(())
    }

    /// Waits until the engine returns at least `rows` rows of a table.
    ///
    /// # Errors
    /// Returns an error after 2 minutes.
    pub async fn committed(&self, table: &str, rows: u64) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let answer = self.sql(&format!("SELECT count() FROM {table}")).await?;
            let seen = answer.rows.first().and_then(|row| row[0].as_u64());
            if seen.is_some_and(|seen| seen >= rows) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{table} has {seen:?} rows after 2 minutes, not {rows}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns a counter of the engine, like [`Engine::counter`].
    ///
    /// # Errors
    /// Returns an error if the engine does not list its counters.
    pub async fn counter(&self, event: &str) -> Result<u64> {
        self.engine.counter(event).await
    }

    /// Answers a named query as the router does, like [`Engine::query`].
    ///
    /// # Errors
    /// Returns the problem that the router would report, or the engine's exception.
    pub async fn query(&self, request: &QueryRequest, now: Timestamp) -> Result<Answer> {
        self.engine
            .query(request, now)
            .await
            .with_context(|| self.output())
    }

    /// Answers a resolved query or a slice of a search, like [`Engine::answer`].
    ///
    /// # Errors
    /// Returns the problem that the router would report, or the engine's exception.
    pub async fn answer(&self, resolved: &Resolved, now: Timestamp) -> Result<Answer> {
        self.engine
            .answer(resolved, now)
            .await
            .with_context(|| self.output())
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.engine.sql(sql).await.with_context(|| self.output())
    }

    /// Returns the last lines of both programs.
    pub fn output(&self) -> String {
        self.ingest.output() + &self.engine.output()
    }

    /// Kills ingest, after which no program of the stack writes to the lake.
    pub fn kill_ingest(&mut self) {
        self.ingest.kill();
    }

    /// Returns the process id of ingest.
    pub fn ingest_id(&self) -> u32 {
        self.ingest.id()
    }
}
