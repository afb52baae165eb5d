//! The chDB engine of this process: queues in front of a pool of connections, and connections of our own that make
//! tables, kill queries and read counters.

mod cancel;
mod connection;
mod cut;
pub(crate) mod format;
mod insert;
mod judged;
mod pool;
mod queue;
pub(crate) mod result;
mod run;
mod store_cache;

pub(crate) use connection::{Connection, Own};
pub use insert::Piece;
pub use result::{Cut, Output};
pub use run::Query;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chdb_rust::format::OutputFormat;
use chdb_rust::query_param::{QueryParam, QueryParams};
use lakefront_clickhouse_http::Exception;
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::config::Limits;
use crate::gate::{DATABASE, Names, Rights};
use crate::lake::Lake;
use crate::{Error, settings};
use pool::Pool;
use queue::Queue;
use store_cache::StoreCache;

/// How long reading one manifest list may take, in seconds.
const READING: u64 = 10;
/// For how long after the last request the lake is looked at.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// Where an engine's tables come from.
pub enum Tables<'a> {
    /// Those of a lake, in whose folder the process must stand: the engine reads files only from there. Nothing is kept.
    Lake(Lake),
    /// Those it made itself, in a folder.
    Kept(&'a Path),
}

/// The engine. One per process.
pub struct Engine {
    /// The lake whose tables it serves, if it does.
    pub lake: Option<Lake>,
    limits: Limits,
    names: Names,
    version: String,
    /// Kills queries, reads counters and answers checks: nothing that takes time.
    control: Own,
    /// Makes and drops the tables of the lake, which may wait for its store.
    maker: Own,
    /// Reads manifest lists of the lake, which may wait for its store.
    reader: Own,
    /// Held by the check that runs.
    check: Arc<Mutex<()>>,
    /// When the last request arrived.
    asked: watch::Sender<Instant>,
    pool: Pool,
    reads: Queue,
    writes: Queue,
    running: cancel::Running,
    judged: judged::Known,
    // Dropped last: the engine writes there.
    _cache: Option<StoreCache>,
}

impl Engine {
    /// Starts the engine.
    ///
    /// # Errors
    /// When chDB does not start. A lake that is missing or broken is no error.
    pub fn start(limits: Limits, tables: Tables<'_>) -> Result<Arc<Self>, Error> {
        // The engine's own handlers would swallow the signals that end this process.
        chdb_rust::runtime::signal_handlers(false);
        let (lake, mut args) = match tables {
            Tables::Lake(lake) => (Some(lake), Vec::new()),
            Tables::Kept(folder) => (None, vec![format!("--path={}", folder.display())]),
        };
        let remote = lake.as_ref().is_some_and(Lake::is_remote);
        let cache = (remote && limits.store_cache > 0).then(|| StoreCache::new(limits.store_cache));
        let cache = cache.transpose()?;
        args.extend(cache.iter().flat_map(StoreCache::of_connections));
        let at_start = cache.as_ref().map(StoreCache::of_engine);
        let ours = |more: &[&str]| -> Vec<String> {
            let more = more.iter().map(|arg| (*arg).to_owned());
            args.iter().cloned().chain(more).collect()
        };
        // The first connection starts the engine. It stays open until another is.
        let first: Vec<String> = ours(&["--implicit_select=0"])
            .into_iter()
            .chain(at_start)
            .collect();
        let first = Connection::open(&first)?;
        let control = Own::open(ours(&["--implicit_select=0"]))?;
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
            maker: Own::open(ours(&["--implicit_select=0"]))?,
            reader: Own::open(ours(&[&format!("--max_execution_time={READING}")]))?,
            check: Arc::default(),
            asked: watch::Sender::new(Instant::now()),
            pool: Pool::new(3 * slots, args),
            reads: queue(),
            writes: queue(),
            running: cancel::Running::default(),
            judged: judged::Known::default(),
            limits,
            _cache: cache,
        };
        engine.pool.warm(&settings::base(&engine.limits), slots)?;
        engine.pool.warm(&settings::gate(Rights::READ), slots)?;
        if let Some(lake) = &engine.lake {
            lake.refresh(&engine.maker);
        }
        Ok(Arc::new(engine))
    }

    /// The engine's version, as `SELECT version()` says it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What a query may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many queries run, and how many wait.
    pub fn load(&self) -> (usize, usize) {
        let (reads, writes) = (self.reads.load(), self.writes.load());
        (reads.0 + writes.0, reads.1 + writes.1)
    }

    /// Looks at the lake: new tables become known, gone ones unknown, and the first day of each is read. Blocks.
    fn look(&self) {
        if let Some(lake) = &self.lake {
            lake.refresh(&self.maker);
            lake.learn_first_days(&self.reader);
        }
    }

    /// Looks at the lake every so often while requests arrive, for a minute after the last, and as long as the lake can't be
    /// read. `/health` reports what was seen last and waits for nothing.
    pub async fn keep_looking(self: Arc<Self>, every: Duration) {
        let Some(lake) = &self.lake else { return };
        let mut asked = self.asked.subscribe();
        loop {
            let is_quiet = asked.borrow_and_update().elapsed() >= AFTERWARDS;
            if is_quiet && lake.is_readable() && asked.changed().await.is_err() {
                return;
            }
            let engine = Arc::clone(&self);
            if let Err(error) = spawn_blocking(move || engine.look()).await {
                tracing::error!(%error, "a look at the lake ended early");
            }
            sleep(every).await;
        }
    }

    /// Notes that a request arrived.
    pub fn asked(&self) {
        self.asked.send_replace(Instant::now());
    }

    /// Runs a quick statement of our own and returns its first column.
    ///
    /// One runs at a time. If the engine hangs, callers wait here and not in a thread each.
    ///
    /// # Errors
    /// The engine's.
    pub async fn check(self: &Arc<Self>, sql: &'static str) -> Result<Vec<String>, Error> {
        let turn = Arc::clone(&self.check).lock_owned().await;
        let engine = Arc::clone(self);
        let running = spawn_blocking(move || {
            let column = engine.control.column(sql);
            drop(turn);
            column
        });
        running
            .await
            .unwrap_or_else(|error| Err(Exception::new(1001, "STD_EXCEPTION", error.to_string()).into()))
    }

    /// Ends every query, waits for the connections to come home and closes them. No query runs after this.
    pub async fn close(self: &Arc<Self>) {
        let queues = [&self.reads, &self.writes];
        queues.iter().for_each(|queue| queue.close());
        cancel::Running::cancel_all(self);
        for queue in queues {
            queue.drained().await;
        }
        self.running.join();
        self.pool.close();
    }

    /// The line a caller stands in: a long insert keeps no reader waiting.
    fn queue(&self, rights: Rights) -> &Queue {
        if rights.write { &self.writes } else { &self.reads }
    }
}

/// Parameters as they came over the wire: fields of TabSeparated, which is what the engine takes.
pub(crate) fn parameters(params: &[(String, String)]) -> QueryParams {
    params.iter().fold(QueryParams::new(), |bound, (name, wire)| {
        bound.bind(name, QueryParam::raw(wire))
    })
}
