//! The local stack as data: which programs run, on which ports, over which folder.

mod clickhouse;
pub mod demo;
mod password;
mod ports;
mod s3;
mod tier;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::installation::Installation;
use crate::stack::{Ready, Service, Stack, get_json};
pub use clickhouse::LOCATION_HEADER;
use clickhouse::Server;
use password::Passwords;
pub use ports::Ports;
pub use tier::Tier;

/// Where the tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lake {
    /// A folder
    Local,
    /// MinIO behind an Iceberg REST catalog, which both are started
    S3,
}

/// One embedded stack.
pub struct Local {
    installation: Installation,
    /// The lake, ingest's log, ClickHouse's disks and our log files.
    pub data: PathBuf,
    ports: Ports,
    servers: Vec<Server>,
    passwords: Passwords,
    commit_interval: &'static str,
    lake: Lake,
}

impl Local {
    /// Of a tier, over a folder.
    pub fn new(installation: &Installation, data: PathBuf, ports: Ports, tier: Tier) -> Result<Self> {
        Ok(Self {
            installation: installation.clone(),
            servers: clickhouse::servers(tier, ports, &data),
            passwords: Passwords::of_this_start()?,
            data,
            ports,
            commit_interval: "10s",
            lake: Lake::Local,
        })
    }

    /// How often ingest commits, as its `--commit-interval` takes it.
    pub fn with_commit_interval(mut self, interval: &'static str) -> Self {
        self.commit_interval = interval;
        self
    }

    /// Where the tables are.
    pub fn with_lake(mut self, lake: Lake) -> Self {
        self.lake = lake;
        self
    }

    /// The dashboard and the API.
    pub fn router_url(&self) -> String {
        url(self.ports.router)
    }

    /// Where SDKs send.
    pub fn ingest_url(&self) -> String {
        url(self.ports.ingest)
    }

    /// The stateless engine over the lake.
    pub fn chdb_url(&self) -> String {
        url(self.ports.chdb)
    }

    /// Each ClickHouse with its region.
    pub fn clickhouses(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.servers
            .iter()
            .map(|server| (server.url.as_str(), server.region()))
    }

    /// Waits until all that was sent is committed, and every ClickHouse has it.
    pub fn wait_for_all_sent(&self, stack: &mut Stack) -> Result<()> {
        let ingest = format!("{}/health", self.ingest_url());
        stack.wait_until("ingest commits all it took", || {
            Ok(get_json(&ingest)?["wal"]["backlog_records"] == 0)
        })?;
        if self.servers.is_empty() {
            return Ok(());
        }
        let sync = format!("{}/health", url(self.ports.sync));
        // The round that began last may have begun before that commit; the one after the next has not.
        let mut rounds = Vec::new();
        stack.wait_until("sync has gone over the lake", || {
            let round = get_json(&sync)?["targets"].to_string();
            if !round.contains("\"error\":\"") && !rounds.contains(&round) {
                rounds.push(round);
            }
            Ok(rounds.len() > 2 * self.servers.len())
        })
    }

    /// Compares every ClickHouse with the lake, of yesterday.
    pub fn audit_yesterday(&self) -> Result<()> {
        let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
        let day = yesterday.strftime("%Y-%m-%d").to_string();
        let mut command = self.sync_command("audit");
        crate::process::run(command.args(["--from", &day, "--to", &day]))
    }

    /// The folder of the services' log files.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Starts every part, each once those it needs are ready.
    pub fn start(&self, stack: &mut Stack) -> Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let logs = self.logs();
        if self.lake == Lake::S3 {
            let folder = self.installation.object_store.as_deref();
            let folder = folder.context("only `cargo xtask up` brings an object store")?;
            stack.start(s3::store(folder, &self.data, self.ports)?, &logs)?;
            stack.start(s3::catalog(folder, &self.data, self.ports), &logs)?;
        }
        stack.start(self.ingest_service(), &logs)?;
        stack.start(self.chdb_service(), &logs)?;
        for server in &self.servers {
            if let Some(service) = server.service(&self.installation, &self.lake(), &self.passwords) {
                stack.start(service, &logs)?;
            }
        }
        if !self.servers.is_empty() {
            stack.start(self.sync_service(), &logs)?;
        }
        stack.start(self.router_service(), &logs)
    }

    fn lake(&self) -> PathBuf {
        self.data.join("lake")
    }

    /// Tells a program that reads the lake where it is.
    fn reads_lake(&self, command: &mut Command) {
        if self.lake == Lake::S3 {
            s3::configure(command, self.ports);
        } else {
            command.arg("--lake").arg(self.lake());
        }
    }

    fn ingest_service(&self) -> Service {
        let mut command = self.installation.command("lakefront-ingest");
        command.args(["--listen", &address(self.ports.ingest)]);
        command.args(["--commit-interval", self.commit_interval]);
        command.arg("--data").arg(&self.data);
        if self.lake == Lake::S3 {
            s3::configure(&mut command, self.ports);
        }
        Service {
            name: "ingest",
            command,
            ready: Ready::Url(format!("{}/health", self.ingest_url())),
        }
    }

    fn chdb_service(&self) -> Service {
        let mut command = self.installation.command("lakefront-chdb-container");
        command.args(["--listen", &address(self.ports.chdb)]);
        self.reads_lake(&mut command);
        Service {
            name: "chdb",
            command,
            ready: Ready::Url(format!("{}/health", self.chdb_url())),
        }
    }

    /// A command of sync over the lake and every ClickHouse.
    fn sync_command(&self, name: &str) -> Command {
        let mut command = self.installation.command("lakefront-sync");
        command.arg(name);
        self.reads_lake(&mut command);
        for server in &self.servers {
            command.args(["--clickhouse", &server.url]);
        }
        command.env("LAKEFRONT_SYNC_PASSWORD", &self.passwords.sync);
        command
    }

    fn sync_service(&self) -> Service {
        let mut command = self.sync_command("run");
        command.args(["--interval", "2s", "--listen", &address(self.ports.sync)]);
        Service {
            name: "sync",
            command,
            ready: Ready::Url(format!("{}/health", url(self.ports.sync))),
        }
    }

    fn router_service(&self) -> Service {
        let mut command = self.installation.worker(self.ports.router);
        command
            .env("CHDB_URL", self.chdb_url())
            .env("INGEST_URL", self.ingest_url())
            .env("SELF_OBSERVATION", "on");
        if !self.servers.is_empty() {
            command
                .env("CLICKHOUSE", clickhouse::configuration(&self.servers))
                .env("CLICKHOUSE_PASSWORD", &self.passwords.router)
                .env("LOCATION_HEADER", LOCATION_HEADER);
        }
        Service {
            name: "router",
            command,
            ready: Ready::Url(format!("{}/health", self.router_url())),
        }
    }
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn url(port: u16) -> String {
    format!("http://{}", address(port))
}
