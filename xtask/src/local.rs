//! The local stack as data: which programs run, on which ports, over which folder.

use std::path::PathBuf;

use anyhow::Result;

use crate::bundle;
use crate::paths::Paths;
use crate::stack::{Ready, Service, Stack};

/// One embedded stack.
pub struct Local {
    paths: Paths,
    /// The lake, ingest's log and our log files.
    pub data: PathBuf,
    router: u16,
    ingest: u16,
    chdb: u16,
    commit_interval: &'static str,
}

impl Local {
    /// On the default ports.
    pub fn new(paths: &Paths, data: PathBuf) -> Self {
        Self {
            paths: paths.clone(),
            data,
            router: 8787,
            ingest: 4318,
            chdb: 8686,
            commit_interval: "10s",
        }
    }

    /// On other ports.
    pub fn with_ports(mut self, router: u16, ingest: u16, chdb: u16) -> Self {
        (self.router, self.ingest, self.chdb) = (router, ingest, chdb);
        self
    }

    /// How often ingest commits, as its `--commit-interval` takes it.
    pub fn with_commit_interval(mut self, interval: &'static str) -> Self {
        self.commit_interval = interval;
        self
    }

    /// The dashboard and the API.
    pub fn router_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.router)
    }

    /// Where SDKs send.
    pub fn ingest_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ingest)
    }

    fn chdb_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.chdb)
    }

    /// The folder of the services' log files.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Starts ingest, chDB and the Worker, each once the one before is ready.
    pub fn start(&self, stack: &mut Stack) -> Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let logs = self.logs();
        for service in [self.ingest_service(), self.chdb_service(), self.router_service()] {
            stack.start(service, &logs)?;
        }
        Ok(())
    }

    fn ingest_service(&self) -> Service {
        let mut command = self.paths.command(self.paths.program("lakefront-ingest"));
        command.args([
            "--listen",
            &format!("127.0.0.1:{}", self.ingest),
            "--commit-interval",
            self.commit_interval,
        ]);
        command.arg("--data").arg(&self.data);
        Service {
            name: "ingest",
            command,
            ready: Ready::Url(format!("{}/health", self.ingest_url())),
        }
    }

    fn chdb_service(&self) -> Service {
        let mut command = self.paths.command(self.paths.program("lakefront-chdb-container"));
        command
            .args(["--listen", &format!("127.0.0.1:{}", self.chdb)])
            .arg("--lake")
            .arg(self.data.join("lake"));
        Service {
            name: "chdb",
            command,
            ready: Ready::Url(format!("{}/health", self.chdb_url())),
        }
    }

    fn router_service(&self) -> Service {
        Service {
            name: "router",
            command: bundle::workerd(&self.paths, self.router, &self.chdb_url(), &self.ingest_url()),
            ready: Ready::Url(format!("{}/health", self.router_url())),
        }
    }
}
