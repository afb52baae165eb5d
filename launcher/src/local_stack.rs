//! The local stack as data: its programs, their ports, and their folder.

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
use crate::supervisor::{Ready, Service, Supervisor, get_json};
pub use clickhouse::LOCATION_HEADER;
use clickhouse::Server;
use password::Passwords;
pub use ports::Ports;
pub use tier::Tier;

/// The place of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lake {
    /// A folder
    Local,
    /// MinIO and an Iceberg REST catalog, which are both started
    S3,
}

/// One embedded stack.
pub struct LocalStack {
    installation: Installation,
    /// The folder of the lake, ingest's log, ClickHouse's disks and the log files.
    pub data: PathBuf,
    ports: Ports,
    servers: Vec<Server>,
    passwords: Passwords,
    commit_interval: &'static str,
    lake: Lake,
}

impl LocalStack {
    /// Returns the stack of a tier, over a folder.
    ///
    /// # Errors
    /// Returns an error if no random passwords can be made.
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

    /// Sets the interval at which ingest commits, in the format of its `--commit-interval`.
    pub fn with_commit_interval(mut self, interval: &'static str) -> Self {
        self.commit_interval = interval;
        self
    }

    /// Sets the place of the tables.
    pub fn with_lake(mut self, lake: Lake) -> Self {
        self.lake = lake;
        self
    }

    /// Returns the address of the dashboard and the API.
    pub fn router_url(&self) -> String {
        url(self.ports.router)
    }

    /// Returns the address to which SDKs send by gRPC.
    pub fn grpc_url(&self) -> String {
        url(self.ports.grpc)
    }

    /// Returns the address to which SDKs send by HTTP.
    pub fn ingest_url(&self) -> String {
        url(self.ports.ingest)
    }

    /// Returns the address of the stateless engine over the lake.
    pub fn chdb_url(&self) -> String {
        url(self.ports.chdb)
    }

    /// Returns the address and the region of each ClickHouse.
    pub fn clickhouses(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.servers
            .iter()
            .map(|server| (server.url.as_str(), server.region()))
    }

    /// Waits until every sent record is committed and in each ClickHouse.
    ///
    /// # Errors
    /// Returns an error if a service ends, or after five minutes for each of both.
    pub fn wait_for_all_sent(&self, supervisor: &mut Supervisor) -> Result<()> {
        let ingest = format!("{}/health", self.ingest_url());
        supervisor.wait_until("ingest commits all it took", || {
            Ok(get_json(&ingest)?["wal"]["backlog_records"] == 0)
        })?;
        if self.servers.is_empty() {
            return Ok(());
        }
        let sync = format!("{}/health", url(self.ports.sync));
        // The round in progress may have begun before that commit. The round after the next one has begun after it.
        let mut rounds = Vec::new();
        supervisor.wait_until("sync has gone over the lake", || {
            let round = get_json(&sync)?["targets"].to_string();
            if !round.contains("\"error\":\"") && !rounds.contains(&round) {
                rounds.push(round);
            }
            Ok(rounds.len() > 2 * self.servers.len())
        })
    }

    /// Compares the rows of yesterday in each ClickHouse with the lake.
    ///
    /// # Errors
    /// Returns an error if rows differ, or the audit cannot run.
    pub fn audit_yesterday(&self) -> Result<()> {
        let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
        let day = yesterday.strftime("%Y-%m-%d").to_string();
        let mut command = self.sync_command("audit");
        crate::process::run(command.args(["--from", &day, "--to", &day]))
    }

    /// Returns the folder of the services' log files.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Starts every service after the services that it needs are ready.
    ///
    /// # Errors
    /// Returns an error if a service cannot be started, or is not ready in time.
    pub fn start(&self, supervisor: &mut Supervisor) -> Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let logs = self.logs();
        if self.lake == Lake::S3 {
            let folder = self.installation.object_store.as_deref();
            let folder = folder.context("only `cargo xtask up` brings an object store")?;
            supervisor.start(s3::store(folder, &self.data, self.ports)?, &logs)?;
            supervisor.start(s3::catalog(folder, &self.data, self.ports), &logs)?;
        }
        supervisor.start(self.ingest_service(), &logs)?;
        supervisor.start(self.chdb_service(), &logs)?;
        for server in &self.servers {
            if let Some(service) = server.service(&self.installation, &self.lake(), &self.passwords) {
                supervisor.start(service, &logs)?;
            }
        }
        if !self.servers.is_empty() {
            supervisor.start(self.sync_service(), &logs)?;
        }
        supervisor.start(self.router_service()?, &logs)
    }

    fn lake(&self) -> PathBuf {
        self.data.join("lake")
    }

    /// Adds the place of the lake to the command of a program that reads it.
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
        command.args(["--grpc-listen", &address(self.ports.grpc)]);
        command.args(["--commit-interval", self.commit_interval]);
        // Whoever tries the stack sees the Usage page fill.
        command.args(["--usage-interval", "1m"]);
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

    /// Returns a command of `lakefront-sync` over the lake and every ClickHouse.
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

    /// Returns the file with the funnels of this stack, one in each line.
    pub fn funnels_file(&self) -> PathBuf {
        self.data.join("funnels.txt")
    }

    fn funnels(&self) -> Result<String> {
        match std::fs::read_to_string(self.funnels_file()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read.with_context(|| format!("can't read {}", self.funnels_file().display())),
        }
    }

    fn router_service(&self) -> Result<Service> {
        let mut command = self.installation.worker(self.ports.router);
        command
            .env("CHDB_URL", self.chdb_url())
            .env("INGEST_URL", self.ingest_url())
            .env("SELF_OBSERVATION", "on")
            .env("FUNNELS", self.funnels()?);
        if !self.servers.is_empty() {
            command
                .env("CLICKHOUSE", clickhouse::configuration(&self.servers))
                .env("CLICKHOUSE_PASSWORD", &self.passwords.router)
                .env("LOCATION_HEADER", LOCATION_HEADER);
        }
        Ok(Service {
            name: "router",
            command,
            ready: Ready::Url(format!("{}/health", self.router_url())),
        })
    }
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn url(port: u16) -> String {
    format!("http://{}", address(port))
}
