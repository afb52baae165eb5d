use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_clickhouse_http::Answer;
use tokio::time::Instant;

use crate::{Engine, Ingest, LakeAt, S3Lake, Sent, TestLake};

/// Ingest and chDB over a lake of their own.
#[derive(Debug)]
pub struct Stack {
    client: reqwest::Client,
    // Dropped in this order: the programs before their lake.
    engine: Engine,
    ingest: Ingest,
    lake: TestLake,
}

impl Stack {
    /// Starts both over a [`TestLake`] and waits until they are ready. Ingest commits every half second.
    ///
    /// # Errors
    /// When one of them does not come up; with its output.
    pub async fn start() -> Result<Self> {
        Self::start_committing_every("500ms").await
    }

    /// Starts both with another interval between commits, such as `10s`.
    ///
    /// # Errors
    /// When one of them does not come up; with its output.
    pub async fn start_committing_every(interval: &str) -> Result<Self> {
        let lake = TestLake::start().await?;
        let arguments = ["--commit-interval", interval];
        Ok(Self {
            client: reqwest::Client::new(),
            ingest: Ingest::start(lake.folder(), &arguments, lake.at()).await?,
            engine: Engine::start(lake.at()).await?,
            lake,
        })
    }

    /// Where OTLP/HTTP goes: `http://127.0.0.1:port`.
    pub fn ingest_url(&self) -> &str {
        self.ingest.url()
    }

    /// The engine's ClickHouse interface: `http://127.0.0.1:port/`.
    pub fn engine_url(&self) -> &str {
        self.engine.url()
    }

    /// Where the lake is.
    pub fn lake(&self) -> &LakeAt {
        self.lake.at()
    }

    /// The servers that the lake is on, where it is in no folder.
    pub fn servers(&self) -> Option<&S3Lake> {
        self.lake.servers()
    }

    /// Takes the lake away, or gives it back: see [`TestLake::is_there`].
    ///
    /// # Errors
    /// When it can't.
    pub async fn lake_is_there(&mut self, there: bool) -> Result<()> {
        self.lake.is_there(there).await
    }

    /// Runs the demo against this stack's ingest, to its end, and waits until the engine sees all of it.
    ///
    /// # Errors
    /// When it fails; with its output.
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
    /// When it is not answered with 200.
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

    /// Waits until the engine sees at least so many rows in a table.
    ///
    /// # Errors
    /// When half a minute passes.
    pub async fn committed(&self, table: &str, rows: u64) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = self.sql(&format!("SELECT count() FROM {table}")).await?;
            let seen = answer.rows.first().and_then(|row| row[0].as_u64());
            if seen.is_some_and(|seen| seen >= rows) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{table} has {seen:?} rows after 30 s, not {rows}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A counter of the engine, as [`Engine::counter`].
    ///
    /// # Errors
    /// When the engine does not show its counters.
    pub async fn counter(&self, event: &str) -> Result<u64> {
        self.engine.counter(event).await
    }

    /// Answers a named query as the router does, as [`Engine::query`].
    ///
    /// # Errors
    /// The problem the router would report, or the engine's exception.
    pub async fn query(&self, request: &QueryRequest, now: Timestamp) -> Result<Answer> {
        self.engine
            .query(request, now)
            .await
            .with_context(|| self.output())
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// The engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.engine.sql(sql).await.with_context(|| self.output())
    }

    /// The last lines of both programs.
    pub fn output(&self) -> String {
        self.ingest.output() + &self.engine.output()
    }

    /// Kills ingest: nothing of ours writes to the lake any more.
    pub fn kill_ingest(&mut self) {
        self.ingest.kill();
    }

    /// The process id of ingest.
    pub fn ingest_id(&self) -> u32 {
        self.ingest.id()
    }
}
