use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::process::{command, free_address};
use crate::{LakeAt, Process, Sent};

/// Ingest over a folder of its own.
#[derive(Debug)]
pub struct Ingest {
    url: String,
    process: Process,
}

impl Ingest {
    /// Starts it on a free port over a folder of its own, with those arguments besides, and waits until it is ready. A lake in
    /// a folder is in `lake` there.
    ///
    /// # Errors
    /// When it does not come up; with its output.
    pub async fn start(data: &Path, arguments: &[&str], lake: &LakeAt) -> Result<Self> {
        let address = free_address()?;
        let url = format!("http://{address}");
        let mut command = command("lakefront-ingest")?;
        command
            .args(["--listen", &address, "--data"])
            .arg(data)
            .args(arguments)
            .envs(lake.environment());
        let mut process = Process::run("lakefront-ingest", command)?;
        process.ready(&format!("{url}/health")).await?;
        Ok(Self { url, process })
    }

    /// Where OTLP/HTTP goes: `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs the demo against it, to its end.
    ///
    /// # Errors
    /// When it fails; with its output.
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

    /// What its `/health` says.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn health(&self) -> Result<serde_json::Value> {
        let text = reqwest::get(format!("{}/health", self.url)).await?.text().await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Waits until `/health` says something.
    ///
    /// # Errors
    /// When half a minute passes.
    pub async fn says(&self, what: impl Fn(&serde_json::Value) -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let health = self.health().await?;
            if what(&health) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "after 30 s: {health}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until all that it has acknowledged is committed.
    ///
    /// # Errors
    /// When half a minute passes.
    pub async fn committed(&self) -> Result<()> {
        self.says(|health| health["wal"]["backlog_records"] == 0).await
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its last lines of output.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
