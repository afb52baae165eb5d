//! The stack under test: a lake, chDB, one or two ClickHouse servers, sync and the Worker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::{QueryReply, Reason};
use lakefront_hot_tier::{View, raw_version, views};
use lakefront_tests::{
    ClickHouse, Engine, LakeAt, Relay, Stack, SyncProcess, Treatment, Worker, free_address,
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

/// The request header that gives the Worker the location of the client.
pub const LOCATION: &str = "x-test-location";
/// A location near the region `us`.
pub const BOSTON: &str = "42.36,-71.06";
/// A location near the region `eu`.
pub const TUNIS: &str = "36.81,10.18";

/// A lock that gives each test the machine for itself, because the tests measure time.
static MACHINE: Mutex<()> = Mutex::const_new(());

/// A whole stack: a lake, chDB over it, ClickHouse servers with sync, and the Worker in front of them. The lake has a
/// day of the demo's traffic.
pub struct Tiers {
    pub worker: Arc<Worker>,
    pub chdb: Chdb,
    pub sync: Option<SyncProcess>,
    pub servers: Vec<Server>,
    pub stack: Stack,
    /// Relays between the Worker and each server.
    _relays: Vec<Relay>,
    _machine: MutexGuard<'static, ()>,
}

/// A ClickHouse with a disk of its own.
pub struct Server {
    pub clickhouse: ClickHouse,
    /// Its entry in the Worker's configuration.
    entry: Value,
    disk: TempDir,
}

/// A region: its name, latitude and longitude.
type Region = (&'static str, f64, f64);

const US: Region = ("us", 39.04, -77.49);
const EU: Region = ("eu", 50.11, 8.68);

/// The chDB behind the Worker. The stack has another one of its own.
pub struct Chdb {
    address: String,
    lake: LakeAt,
    engine: Option<Engine>,
}

impl Chdb {
    async fn start(lake: LakeAt) -> Result<Self> {
        let mut chdb = Self {
            address: free_address()?,
            lake,
            engine: None,
        };
        chdb.restart().await?;
        Ok(chdb)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn kill(&mut self) {
        self.engine = None;
    }

    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.engine = Some(Engine::start_at(&self.address, &self.lake).await?);
        Ok(())
    }
}

impl Server {
    async fn start((name, latitude, longitude): Region, lake: &LakeAt) -> Result<Self> {
        let disk = tempfile::Builder::new().prefix("lakefront-disk-").tempdir()?;
        let clickhouse = ClickHouse::embedded(disk.path(), Some(lake)).await?;
        let entry = json!({
            "name": name,
            "url": clickhouse.url().trim_end_matches('/'),
            "region": name,
            "latitude": latitude,
            "longitude": longitude,
        });
        Ok(Self {
            clickhouse,
            entry,
            disk,
        })
    }

    /// Kills the server and empties its disk.
    pub fn wipe(&mut self) -> Result<()> {
        self.clickhouse.kill();
        for entry in std::fs::read_dir(self.disk.path())? {
            let path = entry?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            } else {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Waits until the coverage includes every view, and the raw tables that named queries read.
    pub async fn covered(&self) -> Result<()> {
        // The demo begins yesterday. Sync fills today first, and then earlier days.
        const HELD: &str =
            "SELECT view || '_' || version FROM otel.coverage FINAL WHERE first_day < yesterday()";
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let held: Vec<String> = match self.clickhouse.sql(HELD).await {
                Ok(answer) => answer
                    .rows
                    .iter()
                    .filter_map(|row| Some(row[0].as_str()?.to_owned()))
                    .collect(),
                // Sync has not created the table yet.
                Err(_) => Vec::new(),
            };
            let raw = ["otel_logs", "otel_traces"].map(|table| format!("{table}_{}", raw_version()));
            let missing = views()
                .iter()
                .map(View::table)
                .chain(raw)
                .find(|table| !held.contains(table));
            let Some(missing) = missing else { return Ok(()) };
            ensure!(
                Instant::now() < deadline,
                "{missing} is not covered after a minute, but {held:?}\n{}",
                self.clickhouse.output()
            );
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Tiers {
    /// Starts a stack with one server.
    pub async fn two() -> Result<Self> {
        Self::with(&[US], None).await
    }

    /// Starts a stack with one server, behind a [`Relay`] that treats the Worker's requests by `treat`.
    pub async fn two_apart(treat: fn(&str) -> Treatment) -> Result<Self> {
        Self::with(&[US], Some(treat)).await
    }

    /// Starts a stack with one server in each of two regions.
    pub async fn three() -> Result<Self> {
        Self::with(&[US, EU], None).await
    }

    /// Adds a second region to a stack with one, as its runbook says: a server with an empty disk, a Worker that knows
    /// both, and a sync that fills both.
    pub async fn add_region(&mut self) -> Result<()> {
        self.servers.push(Server::start(EU, self.stack.lake()).await?);
        self.worker = Arc::new(worker(&self.stack, &self.chdb, &self.servers).await?);
        Ok(())
    }

    async fn with(regions: &[Region], treat: Option<fn(&str) -> Treatment>) -> Result<Self> {
        let machine = MACHINE.lock().await;
        let stack = Stack::start().await?;
        stack.demo(&["--days", "1"]).await?;
        let chdb = Chdb::start(stack.lake().clone()).await?;
        let mut servers = Vec::new();
        let mut relays = Vec::new();
        for region in regions {
            let mut server = Server::start(*region, stack.lake()).await?;
            if let Some(treat) = treat {
                let relay = Relay::start(server.clickhouse.url().trim_end_matches('/'), treat).await?;
                server.entry["url"] = relay.url().into();
                relays.push(relay);
            }
            servers.push(server);
        }
        let sync = sync(&stack, &servers).await?;
        for server in &servers {
            server.covered().await?;
        }
        let worker = worker(&stack, &chdb, &servers).await?;
        let tiers = Self {
            worker: Arc::new(worker),
            chdb,
            sync: Some(sync),
            servers,
            stack,
            _relays: relays,
            _machine: machine,
        };
        tiers.until(Reason::View).await?;
        Ok(tiers)
    }

    /// Starts sync again, with the same arguments.
    pub async fn sync_again(&mut self) -> Result<()> {
        self.sync = Some(sync(&self.stack, &self.servers).await?);
        Ok(())
    }

    /// Queries the top errors of the last week until the reply has this reason.
    pub async fn until(&self, reason: Reason) -> Result<QueryReply> {
        let wanted = |reply: &QueryReply| reply.reason == reason;
        self.worker.query_until(&top_errors(), wanted).await
    }

    /// Queries the top errors of the last week from a location until this region's view answers.
    pub async fn until_from(&self, place: &str, region: &str) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let reply = self.from(place).await?;
            if reply.reason == Reason::View && reply.region.as_deref() == Some(region) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{:?} of {:?}",
                reply.reason,
                reply.region
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Queries the top errors of the last week from a location.
    pub async fn from(&self, place: &str) -> Result<QueryReply> {
        let request = self
            .worker
            .request(Method::POST, "/query")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-cache")
            .header(LOCATION, place);
        let reply = request.body(top_errors().to_string()).send().await?;
        let (status, text) = (reply.status(), reply.text().await?);
        serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))
    }
}

async fn worker(stack: &Stack, chdb: &Chdb, servers: &[Server]) -> Result<Worker> {
    let configured = Value::from_iter(servers.iter().map(|server| server.entry.clone()));
    Worker::start(&[
        ("CHDB_URL", &chdb.url()),
        ("INGEST_URL", stack.ingest_url()),
        ("CLICKHOUSE", &configured.to_string()),
        ("LOCATION_HEADER", LOCATION),
    ])
    .await
}

async fn sync(stack: &Stack, servers: &[Server]) -> Result<SyncProcess> {
    let servers: Vec<_> = servers.iter().map(|server| &server.clickhouse).collect();
    SyncProcess::start(stack.lake(), &servers).await
}

/// The query that most of these tests repeat.
pub fn top_errors() -> Value {
    json!({"query": "top_errors", "timeRange": "7d"})
}
