use anyhow::Result;

use crate::process::{command, free_address};
use crate::{ClickHouse, LakeAt, Process};

/// The sync program: keeps servers up with a lake.
#[derive(Debug)]
pub struct SyncProcess {
    process: Process,
}

impl SyncProcess {
    /// Starts it with a round every half second and waits until it answers; its first round may still be going on.
    ///
    /// # Errors
    /// When it does not come up; with its output.
    pub async fn start(lake: &LakeAt, servers: &[&ClickHouse]) -> Result<Self> {
        Self::start_every("500ms", lake, servers).await
    }

    /// As [`Self::start`], with another interval between rounds, such as `2s`.
    ///
    /// # Errors
    /// When it does not come up; with its output.
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

    /// Its last lines of output.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
