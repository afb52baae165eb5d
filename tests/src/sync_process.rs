//! The program `lakefront-sync`.

use anyhow::Result;

use crate::process::{command, free_address};
use crate::{ClickHouse, LakeAt, Process};

/// A running sync, which copies the data files of a lake into ClickHouse servers.
#[derive(Debug)]
pub struct SyncProcess {
    process: Process,
}

impl SyncProcess {
    /// Starts sync with a round every 500 ms and waits until it answers. Its first round may still be in progress.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start(lake: &LakeAt, servers: &[&ClickHouse]) -> Result<Self> {
        Self::start_every("500ms", lake, servers).await
    }

    /// Starts sync like [`Self::start`], with the given interval between rounds, such as `2s`.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start_every(interval: &str, lake: &LakeAt, servers: &[&ClickHouse]) -> Result<Self> {
        let listen = free_address()?;
        let urls: Vec<_> = servers.iter().map(|server| server.url()).collect();
        let mut command = command("lakefront-sync")?;
        command
            .args(["run", "--interval", interval, "--listen", &listen])
            .envs(lake.environment());
        for url in &urls {
            command.args(["--clickhouse", url]);
        }
        let mut process = Process::run("lakefront-sync", command)?;
        process
            .answers(&format!("http://{listen}/health"), |_| true)
            .await?;
        Ok(Self { process })
    }

    /// Returns the last lines of the program's output.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
