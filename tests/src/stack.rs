use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use lakefront_api::{BackendKind, BackendState, QueryRequest};
use lakefront_clickhouse_http::{Answer, Endpoint, Statement};
use lakefront_query::{Backend, Topology, plan, resolve};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::process::command;
use crate::{Process, Sent};

/// Ingest and chDB over a lake of their own.
#[derive(Debug)]
pub struct Stack {
    ingest_url: String,
    engine: Endpoint,
    client: reqwest::Client,
    // Dropped in this order: the programs before their folder.
    chdb: Process,
    ingest: Process,
    folder: TempDir,
}

impl Stack {
    /// Starts both and waits until they are ready. Ingest commits every half second.
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
        let folder = tempfile::Builder::new().prefix("lakefront-").tempdir()?;
        let data = folder.path().display().to_string();
        let (ingest_at, chdb_at) = (free_address()?, free_address()?);
        let ingest_url = format!("http://{ingest_at}");

        let mut ingest = Process::start(
            "lakefront-ingest",
            &[
                "--listen",
                &ingest_at,
                "--data",
                &data,
                "--commit-interval",
                interval,
            ],
        )?;
        ingest.ready(&format!("{ingest_url}/health")).await?;

        let lake = format!("{data}/lake");
        let mut chdb = Process::start(
            "lakefront-chdb-container",
            &["--listen", &chdb_at, "--lake", &lake],
        )?;
        chdb.ready(&format!("http://{chdb_at}/health")).await?;

        Ok(Self {
            ingest_url,
            engine: Endpoint::new(format!("http://{chdb_at}/").parse()?),
            client: reqwest::Client::new(),
            chdb,
            ingest,
            folder,
        })
    }

    /// Where OTLP/HTTP goes: `http://127.0.0.1:port`.
    pub fn ingest_url(&self) -> &str {
        &self.ingest_url
    }

    /// The engine's ClickHouse interface: `http://127.0.0.1:port/`.
    pub fn engine_url(&self) -> &str {
        self.engine.url.as_str()
    }

    /// The warehouse.
    pub fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// Runs the demo against this stack's ingest, to its end, and waits until the engine sees all of it.
    ///
    /// # Errors
    /// When it fails; with its output.
    pub async fn demo(&self, arguments: &[&str]) -> Result<Sent> {
        let output = tokio::process::Command::from(command("lakefront-demo")?)
            .args(["--endpoint", &self.ingest_url])
            .args(arguments)
            .kill_on_drop(true)
            .output()
            .await?;
        let written = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "lakefront-demo: {}\n{written}\n{}",
            output.status,
            self.output()
        );
        let sent = Sent::read(&written).with_context(|| format!("no closing line in: {written}"))?;
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
            .post(format!("{}{path}", self.ingest_url))
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

    /// A counter of the engine (`system.events`), as its `/metrics` shows it; 0 while it has not counted.
    ///
    /// # Errors
    /// When the engine does not show its counters.
    pub async fn counter(&self, event: &str) -> Result<u64> {
        let text = reqwest::get(self.engine.url.join("metrics")?)
            .await?
            .error_for_status()?
            .text()
            .await?;
        let name = format!("lakefront_chdb_engine_event_total{{event=\"{event}\"}} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&name))
            .map_or(Ok(0), |value| Ok(value.trim().parse()?))
    }

    /// Answers a named query as the router does: resolve, plan, ask the engine.
    ///
    /// # Errors
    /// The problem the router would report, or the engine's exception.
    pub async fn query(&self, request: &QueryRequest, now: Timestamp) -> Result<Answer> {
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
        let planned = plan(&resolve(request, now)?, &topology, now)?;
        let attempt = planned.attempts.into_iter().next().context("the plan is empty")?;
        let mut statement = Statement::new(attempt.statement.sql);
        for (name, value) in attempt.statement.params {
            statement = statement.param(name, value);
        }
        for (name, value) in attempt.statement.settings {
            statement = statement.setting(name, value);
        }
        self.ask(&statement).await
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// The engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.ask(&Statement::new(sql)).await
    }

    async fn ask(&self, statement: &Statement) -> Result<Answer> {
        let (parts, body) = self.engine.request(statement)?.into_parts();
        let reply = self
            .client
            .post(parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .with_context(|| self.output())?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let bytes = reply.bytes().await?;
        Answer::read(statement, status, &headers, &bytes)
            .with_context(|| format!("{}\n{:?}", statement.sql, statement.params))
    }

    /// The last lines of both programs.
    pub fn output(&self) -> String {
        self.ingest.output() + &self.chdb.output()
    }

    /// The process id of ingest.
    pub fn ingest_id(&self) -> u32 {
        self.ingest.id()
    }
}

/// An address nobody listens on. The port is free again when the program binds it; nobody else asks for it so soon.
pub(crate) fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
