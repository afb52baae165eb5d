//! The chDB engine of this process: queues in front of a pool of connections, and a connection of our own that makes
//! tables, kills queries and reads counters.

mod cancel;
mod cut;
pub(crate) mod format;
mod insert;
mod judged;
mod pool;
mod queue;
pub(crate) mod result;
mod run;
mod store_cache;

pub use insert::Piece;
pub use result::{Cut, Output};
pub use run::Query;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chdb_rust::connection::Connection;
use chdb_rust::format::OutputFormat;
use chdb_rust::query_param::{QueryParam, QueryParams};

use crate::config::Limits;
use crate::gate::{DATABASE, Names, Rights};
use crate::lake::Lake;
use crate::{Error, settings};
use pool::Pool;
use queue::Queue;
use store_cache::StoreCache;

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
    own: Mutex<Connection>,
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
        let own: Vec<_> = args
            .iter()
            .chain(&at_start)
            .map(String::as_str)
            .chain(["--implicit_select=0"])
            .collect();
        let own = Connection::open(&own)?;
        own.query(
            &format!("CREATE DATABASE IF NOT EXISTS {DATABASE}"),
            OutputFormat::Null,
        )?;
        let version = one_column(&own, "SELECT version()")?
            .into_iter()
            .next()
            .unwrap_or_default();
        let column = |sql| one_column(&own, sql);
        let names = Names::new(
            column("SELECT name FROM system.table_functions")?,
            column("SELECT name FROM system.formats")?,
            column("SELECT name FROM system.settings UNION ALL SELECT name FROM system.merge_tree_settings")?,
        );
        let slots = usize::from(limits.slots);
        let queue = || Queue::new(limits.slots, limits.queue, limits.queue_wait());
        let engine = Self {
            lake,
            names,
            version,
            own: Mutex::new(own),
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
        engine.refresh();
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

    /// Looks at the lake again: new tables become known, gone ones unknown.
    pub fn refresh(&self) {
        if let Some(lake) = &self.lake {
            lake.refresh(|| self.own());
        }
    }

    /// Learns of the lake what only [`Lake::health`] tells.
    pub fn learn_first_days(&self) {
        if let Some(lake) = &self.lake {
            lake.learn_first_days(|| self.own());
        }
    }

    /// Runs a statement of our own and returns its first column.
    ///
    /// # Errors
    /// The engine's.
    pub fn column(&self, sql: &str) -> Result<Vec<String>, Error> {
        one_column(&self.own(), sql)
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

    /// The connection that may change the engine.
    fn own(&self) -> MutexGuard<'_, Connection> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn one_column(connection: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let result = connection
        .query(sql, OutputFormat::TabSeparatedRaw)
        .map_err(|error| result::exception(&error))?;
    Ok(result.data_utf8_lossy().lines().map(str::to_owned).collect())
}

/// Parameters as they came over the wire: fields of TabSeparated, which is what the engine takes.
pub(crate) fn parameters(params: &[(String, String)]) -> QueryParams {
    params.iter().fold(QueryParams::new(), |bound, (name, wire)| {
        bound.bind(name, QueryParam::raw(wire))
    })
}
