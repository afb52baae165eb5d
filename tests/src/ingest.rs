//! The program `lakefront-ingest`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::process::{command, free_address};
use crate::{LakeAt, Process, Sent};

/// A running ingest over its own folder.
#[derive(Debug)]
pub struct Ingest {
    url: String,
    grpc_url: String,
    process: Process,
}

impl Ingest {
    /// Starts ingest on a free port over the folder `data`, with additional arguments, and waits until it is ready. A
    /// lake in a folder is in `lake` below `data`.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start(data: &Path, arguments: &[&str], lake: &LakeAt) -> Result<Self> {
        let (address, grpc_address) = (free_address()?, free_address()?);
        let url = format!("http://{address}");
        let mut command = command("lakefront-ingest")?;
        command
            .args(["--listen", &address, "--grpc-listen", &grpc_address, "--data"])
            .arg(data)
            .args(arguments)
            // Tests count rows. An argument turns it on.
            .env("LAKEFRONT_INGEST_USAGE_INTERVAL", "0s")
            .envs(lake.environment());
        let mut process = Process::run("lakefront-ingest", command)?;
        process.ready(&format!("{url}/health")).await?;
        Ok(Self {
            url,
            grpc_url: format!("http://{grpc_address}"),
            process,
        })
    }

    /// Returns the address for OTLP/HTTP: `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address for OTLP/gRPC: `http://127.0.0.1:port`.
    pub fn grpc_url(&self) -> &str {
        &self.grpc_url
    }

    /// Runs the demo against ingest, to its end.
    ///
    /// # Errors
    /// Returns an error if the demo fails, with its output.
    pub async fn demo(&self, arguments: &[&str]) -> Result<Sent> {
        let output = tokio::process::Command::from(command("lakefront-demo")?)
            .args(["--endpoint", &self.url])
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
        Sent::read(&written).with_context(|| format!("no closing line in: {written}"))
    }

    /// Returns the document of `/health`.
    ///
    /// # Errors
    /// Returns an error if ingest does not answer.
    pub async fn health(&self) -> Result<serde_json::Value> {
        let text = reqwest::get(format!("{}/health", self.url)).await?.text().await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Waits until `what` returns true for the document of `/health`.
    ///
    /// # Errors
    /// Returns an error after 2 minutes.
    pub async fn says(&self, what: impl Fn(&serde_json::Value) -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let health = self.health().await?;
            if what(&health) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "after 2 minutes: {health}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until every acknowledged record is committed.
    ///
    /// # Errors
    /// Returns an error after 2 minutes.
    pub async fn committed(&self) -> Result<()> {
        self.says(|health| health["wal"]["backlog_records"] == 0).await
    }

    /// Kills the program with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the last lines of the program's output.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
