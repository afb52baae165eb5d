//! A stand-in for the platform of containers: it starts real programs for the Durable Objects of a Worker on workerd, whose
//! own containers need Docker.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use lakefront_lake::{Lake, LakeConfig};
use lakefront_tests::{LakeAt, Process, Worker, command, free_address};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::bundle;

/// Waits until something is so.
///
/// # Errors
/// Returns an error after 60 s. The state of an engine is kept for 30 s.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        ensure!(Instant::now() < deadline, "no {what} within 60 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A Worker whose chDB is in containers.
pub struct Cloud {
    pub worker: Worker,
    containers: Shared,
    server: JoinHandle<()>,
    _bundle: TempDir,
    _lake: TempDir,
}

/// What happens to a container that is started. By default it runs.
#[derive(Clone, Copy)]
pub enum Fate {
    EndsAtOnce,
    RunsAfter(Duration),
}

/// A container that was started.
pub struct Container {
    /// The id of the Durable Object.
    pub object: String,
    pub environment: BTreeMap<String, String>,
    pub address: String,
    process: Option<Process>,
}

#[derive(Default)]
struct Containers {
    fates: VecDeque<Fate>,
    started: Vec<Container>,
}

type Shared = Arc<Mutex<Containers>>;

fn lock(containers: &Shared) -> MutexGuard<'_, Containers> {
    containers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cloud {
    /// Starts a Worker with these variables, and a platform on which the first containers have these fates.
    pub async fn start(variables: &[(&str, &str)], fates: &[Fate]) -> Result<Self> {
        let containers = Shared::default();
        lock(&containers).fates.extend(fates);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let routes = Router::new()
            .route("/{object}/start", post(start))
            .route("/{object}/exit", post(exit))
            .route("/{object}/signal/{number}", post(signal))
            .with_state(Arc::clone(&containers));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        });
        let (bundle, lake) = (bundle::with(&ADDITIONS)?, TempDir::new()?);
        // A lake without tables counts as one that cannot be read.
        Lake::open(LakeConfig::at(LakeAt::folder(lake.path()).place()?)).await?;
        let own = [
            ("STAND_IN", address.as_str()),
            ("LAKEFRONT_LAKE", lake.path().to_str().context("text")?),
        ];
        let worker = Worker::start_in(bundle.path(), &[&own[..], variables].concat()).await?;
        Ok(Self {
            worker,
            containers,
            server,
            _bundle: bundle,
            _lake: lake,
        })
    }

    /// Returns the number of containers that were started.
    pub fn starts(&self) -> usize {
        lock(&self.containers).started.len()
    }

    /// Gives containers that are started from now on these fates.
    pub fn set_fates(&self, fates: &[Fate]) {
        lock(&self.containers).fates = fates.iter().copied().collect();
    }

    /// Reads something of the container that was started after `before` others.
    pub fn of<T>(&self, before: usize, read: impl FnOnce(&mut Container) -> T) -> T {
        read(&mut lock(&self.containers).started[before])
    }

    /// Returns the ids of the objects that started containers.
    pub fn objects(&self) -> Vec<String> {
        lock(&self.containers)
            .started
            .iter()
            .map(|container| container.object.clone())
            .collect()
    }

    /// Sends a signal to a container, as the platform does.
    pub fn signal(&self, container: usize, signal: Signal) -> Result<()> {
        self.of(container, |container| {
            container
                .process
                .as_ref()
                .context("it does not run")?
                .signal(signal)
        })
    }

    /// Waits until a container has ended, and returns its exit code.
    pub async fn ended(&self, container: usize) -> Result<i32> {
        let ended = || self.of(container, Container::ended);
        until("the end of a container", async || matches!(ended(), Ok(Some(_)))).await?;
        ended()?.context("it ended")
    }

    /// Returns a value of a container's metrics.
    pub async fn metric(&self, container: usize, name: &str) -> Result<u64> {
        let url = self.of(container, |container| {
            format!("http://{}/metrics", container.address)
        });
        let text = reqwest::get(url).await?.text().await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.unwrap_or("0").parse()?)
    }

    /// Runs a statement.
    pub async fn sql(&self, sql: &str) -> Result<(StatusCode, Value)> {
        self.worker.post("/sql", &json!({ "sql": sql })).await
    }

    /// Returns the text of a path of the Worker.
    pub async fn get(&self, path: &str) -> Result<String> {
        let reply = self.worker.request(Method::GET, path).send().await?;
        Ok(reply.text().await?)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Container {
    fn ended(&mut self) -> Result<Option<i32>> {
        self.process.as_mut().map_or(Ok(None), Process::ended)
    }

    /// Returns the last lines of the program's output.
    pub fn output(&self) -> String {
        self.process.as_ref().map(Process::output).unwrap_or_default()
    }
}

/// The stand-in in front of the Worker.
const ADDITIONS: bundle::Additions<'_> = bundle::Additions {
    script: include_str!("stand_in.js"),
    // The storage is in memory, and evicted with its object: Cloudflare keeps it.
    namespaces: r#"(className = "ChdbContainer", uniqueKey = "chdb", enableSql = true, preventEviction = true),"#,
    bindings: r#"(name = "CHDB_CONTAINER", durableObjectNamespace = "ChdbContainer"),
        (name = "STAND_IN", fromEnvironment = "STAND_IN"),
        (name = "LAKEFRONT_LAKE", fromEnvironment = "LAKEFRONT_LAKE"),
        (name = "LAKEFRONT_CHDB_SLOTS", fromEnvironment = "LAKEFRONT_CHDB_SLOTS"),
        (name = "CHDB_INSTANCES", fromEnvironment = "CHDB_INSTANCES"),
        (name = "CHDB_SLEEP_AFTER", fromEnvironment = "CHDB_SLEEP_AFTER"),"#,
};

/// Starts a container with the environment of the options. The answer is its address.
async fn start(State(containers): State<Shared>, Path(object): Path<String>, options: String) -> String {
    let options: Value = serde_json::from_str(&options).expect("the options of a start");
    let environment: BTreeMap<String, String> =
        serde_json::from_value(options["env"].clone()).expect("an environment");
    let address = free_address().expect("a free port");
    let mut program = command("lakefront-chdb-container").expect("the program");
    program
        .args(["--listen", &address])
        .env_clear()
        .envs(&environment);
    let run = move || Process::run("lakefront-chdb-container", program).expect("a process");
    let mut all = lock(&containers);
    let at = all.started.len();
    all.started.push(Container {
        object,
        environment,
        address: address.clone(),
        process: None,
    });
    match all.fates.pop_front() {
        None => all.started[at].process = Some(run()),
        Some(Fate::EndsAtOnce) => {
            all.started[at].process =
                Some(Process::run("false", std::process::Command::new("false")).expect("a process"));
        }
        Some(Fate::RunsAfter(time)) => {
            drop(all);
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                let process = run();
                lock(&containers).started[at].process = Some(process);
            });
        }
    }
    address
}

/// Returns the exit code of the object's last container, once it has ended.
async fn exit(State(containers): State<Shared>, Path(object): Path<String>) -> String {
    loop {
        {
            let mut all = lock(&containers);
            let last = all
                .started
                .iter_mut()
                .rfind(|container| container.object == object);
            if let Some(Ok(Some(code))) = last.map(Container::ended) {
                return code.to_string();
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn signal(State(containers): State<Shared>, Path((object, number)): Path<(String, i32)>) {
    let all = lock(&containers);
    let last = all.started.iter().rfind(|container| container.object == object);
    if let Some(process) = last.and_then(|container| container.process.as_ref()) {
        // It may have ended by itself.
        process.signal(Signal::try_from(number).expect("a signal")).ok();
    }
}
