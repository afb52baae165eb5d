//! A server process, watched from outside.

use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, ensure};

/// A running server.
pub struct Server {
    /// The name in the figures.
    pub name: &'static str,
    /// The address on which it listens.
    pub address: String,
    /// The process.
    pub child: Child,
}

impl Server {
    /// Stops it with SIGTERM, and returns the resources that it used.
    pub async fn stop(mut self) -> anyhow::Result<Usage> {
        let id = self.child.id();
        // The usage of a process that ended can't be read: watch it until then.
        let mut usage = Usage::of(id)?;
        let killed = Command::new("kill").args(["-TERM", &id.to_string()]).status()?;
        ensure!(killed.success(), "kill failed");
        let status = loop {
            if let Ok(now) = Usage::of(id) {
                usage = now;
            }
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(usage)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless something failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The resources that a process has used.
#[derive(Clone, Copy)]
pub struct Usage {
    /// CPU time in user and system mode.
    pub cpu_seconds: f64,
    /// Peak of the resident memory.
    pub peak_bytes: u64,
}

impl Usage {
    /// Reads the resources of a running process.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
                .context("/proc stat")
        };
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = peak
            .and_then(|peak| peak.split_whitespace().next()?.parse().ok())
            .context("VmHWM")?;
        Ok(Self {
            // Fields 14 and 15 of proc(5), in ticks of 10 ms.
            cpu_seconds: (ticks(11)? + ticks(12)?) / 100.0,
            peak_bytes: kilobytes * 1024,
        })
    }
}
