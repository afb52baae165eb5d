//! The chDB engine of this process: queues in front of a pool of connections for queries, and separate connections that
//! create tables, kill queries and read counters.

mod cancel;
mod estimate;
mod insert;
mod plan;
mod pool;
mod queue;
mod result;
mod run;
mod store_cache;
mod truncate;
mod verdict_cache;

pub use insert::Piece;
pub use result::{Output, TruncatedBy};
pub use run::Query;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chdb_rust::format::OutputFormat;
use lakefront_clickhouse_http::{Exception, code};
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::chdb::{Connection, InternalConnection};
use crate::config::Limits;
use crate::gate::Names;
use crate::lake::Lake;
use crate::rights::Rights;
use crate::settings::Listed;
use crate::{DATABASE, Error, settings};
use pool::Pool;
use queue::Queue;
use store_cache::StoreCache;
use verdict_cache::VerdictCache;

/// The time limit for reading one manifest list, in seconds.
const MANIFEST_TIMEOUT_SECONDS: u64 = 10;
/// The time after the last request during which the lake is still refreshed in the background.
const REFRESH_AFTER_REQUEST: Duration = Duration::from_secs(60);

/// The argument that names a configuration file that can't exist. Without one the engine reads `config.xml` in the
/// working directory, which is the lake.
const NO_CONFIG_FILE: &str = "--config-file=/dev/null/config.xml";

/// The source of an engine's tables.
pub enum Tables<'a> {
    /// The tables of a lake; the engine keeps no state. The process must run in the lake's folder, because the engine
    /// reads files only from below the working directory.
    Lake(Lake),
    /// The engine's own tables, kept in this folder.
    Kept(&'a Path),
}

/// The chDB engine. A process has at most one.
pub struct Engine {
    /// The lake whose tables the engine serves, if it serves one.
    pub lake: Option<Lake>,
    limits: Limits,
    names: Names,
    version: String,
    /// A connection that kills queries, reads counters and answers health checks. Every statement on it is quick.
    control: InternalConnection,
    /// A connection that creates and drops the tables of the lake. Its statements may wait for the object store.
    ddl: InternalConnection,
    /// A connection that reads manifest lists of the lake. Its statements may wait for the object store.
    manifests: InternalConnection,
    /// Held while a check runs.
    check_lock: Arc<Mutex<()>>,
    /// The time of the last request.
    last_request: watch::Sender<Instant>,
    pool: Pool,
    reads: Queue,
    writes: Queue,
    running: cancel::RunningQueries,
    verdicts: VerdictCache,
    // Dropped last, because the engine writes to the folder of the cache until its connections are closed.
    _cache: Option<StoreCache>,
}

impl Engine {
    /// If chDB does not start, or if the cache's folder can't be written. A missing or broken lake is no error.
    pub fn start(limits: Limits, tables: Tables<'_>) -> Result<Arc<Self>, Error> {
        // With the engine's own signal handlers, SIGTERM and SIGINT would not end this process.
        chdb_rust::runtime::signal_handlers(false);
        let (lake, mut args) = match tables {
            Tables::Lake(lake) => (Some(lake), Vec::new()),
            Tables::Kept(folder) => (None, vec![format!("--path={}", folder.display())]),
        };
        let remote = lake.as_ref().is_some_and(Lake::is_remote);
        let cache = (remote && limits.store_cache > 0).then(|| StoreCache::new(limits.store_cache));
        let cache = cache.transpose()?;
        args.extend(cache.iter().flat_map(StoreCache::of_connections));
        let at_start = cache
            .as_ref()
            .map_or_else(|| NO_CONFIG_FILE.to_owned(), StoreCache::of_engine);
        let ours = |more: &[&str]| -> Vec<String> {
            let more = more.iter().map(|arg| (*arg).to_owned());
            args.iter().cloned().chain(more).collect()
        };
        // The first connection starts the engine. It must stay open until another one is.
        let first: Vec<String> = ours(&["--implicit_select=0"])
            .into_iter()
            .chain([at_start])
            .collect();
        let first = Connection::open(&first)?;
        let control = InternalConnection::open(ours(&["--implicit_select=0"]))?;
        control.query(
            &format!("CREATE DATABASE IF NOT EXISTS {DATABASE}"),
            OutputFormat::Null,
        )?;
        drop(first);
        let version = control
            .column("SELECT version()")?
            .into_iter()
            .next()
            .unwrap_or_default();
        let names = Names::new(
            control.column("SELECT name FROM system.table_functions")?,
            control.column("SELECT name FROM system.formats")?,
            control.column(
                "SELECT name FROM system.settings UNION ALL SELECT name FROM system.merge_tree_settings",
            )?,
        );
        let slots = usize::from(limits.slots);
        let queue = || Queue::new(limits.slots, limits.queue, limits.queue_wait());
        let engine = Self {
            lake,
            names,
            version,
            control,
            ddl: InternalConnection::open(ours(&["--implicit_select=0"]))?,
            manifests: InternalConnection::open(ours(&[&format!(
                "--max_execution_time={MANIFEST_TIMEOUT_SECONDS}"
            )]))?,
            check_lock: Arc::default(),
            last_request: watch::Sender::new(Instant::now()),
            pool: Pool::new(3 * slots, args),
            reads: queue(),
            writes: queue(),
            running: cancel::RunningQueries::default(),
            verdicts: VerdictCache::default(),
            limits,
            _cache: cache,
        };
        let listed = if engine.lake.is_some() {
            Listed::All
        } else {
            Listed::Copies
        };
        engine.pool.warm(&settings::base(&engine.limits, listed), slots)?;
        engine.pool.warm(&settings::gate(Rights::READ), slots)?;
        if let Some(lake) = &engine.lake {
            lake.refresh(&engine.ddl);
        }
        Ok(Arc::new(engine))
    }

    /// Returns the engine's version, the result of `SELECT version()`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the limits on queries.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the number of queries that run, and of those that wait.
    pub fn load(&self) -> (usize, usize) {
        let (reads, writes) = (self.reads.load(), self.writes.load());
        (reads.0 + writes.0, reads.1 + writes.1)
    }

    /// Refreshes the lake: creates new tables, drops removed ones, and reads the first day of each table. Blocks.
    fn refresh_lake(&self) {
        if let Some(lake) = &self.lake {
            lake.refresh(&self.ddl);
            lake.read_first_days(&self.manifests);
        }
    }

    /// Refreshes the lake every `every`: while requests arrive, for a minute after the last, and while no table can be
    /// read. `/health` reports the result of the last refresh and does not wait for one.
    pub async fn refresh_lake_periodically(self: Arc<Self>, every: Duration) {
        let Some(lake) = &self.lake else { return };
        let mut last_request = self.last_request.subscribe();
        loop {
            let is_quiet = last_request.borrow_and_update().elapsed() >= REFRESH_AFTER_REQUEST;
            if is_quiet && lake.is_readable() && last_request.changed().await.is_err() {
                return;
            }
            let engine = Arc::clone(&self);
            if let Err(error) = spawn_blocking(move || engine.refresh_lake()).await {
                tracing::error!(%error, "a refresh of the lake ended early");
            }
            sleep(every).await;
        }
    }

    /// Records the time of a request, which keeps the background refresh running.
    pub fn record_request(&self) {
        self.last_request.send_replace(Instant::now());
    }

    /// Runs a quick statement on the control connection and returns its first column.
    ///
    /// One check runs at a time. If the engine hangs, later callers wait asynchronously and block no threads.
    ///
    /// # Errors
    /// The engine's exception.
    pub async fn check(self: &Arc<Self>, sql: &'static str) -> Result<Vec<String>, Error> {
        let turn = Arc::clone(&self.check_lock).lock_owned().await;
        let engine = Arc::clone(self);
        let running = spawn_blocking(move || {
            let column = engine.control.column(sql);
            drop(turn);
            column
        });
        running
            .await
            .unwrap_or_else(|error| Err(Exception::of(code::STD_EXCEPTION, error.to_string()).into()))
    }

    /// Stops every query, waits until all connections are back in the pool, and closes them. No query runs after this.
    pub async fn close(self: &Arc<Self>) {
        self.reads.close();
        self.writes.close();
        cancel::RunningQueries::cancel_all(self);
        self.drained().await;
        self.running.join();
        self.pool.close();
    }

    /// Waits until no query runs or waits.
    pub async fn drained(&self) {
        for queue in [&self.reads, &self.writes] {
            queue.drained().await;
        }
    }

    /// Returns the queue for a caller. Callers who may write have their own queue, so that a long insert delays no
    /// reader.
    fn queue(&self, rights: Rights) -> &Queue {
        if rights.write { &self.writes } else { &self.reads }
    }
}
