//! The chDB engine of this process: a queue in front of a pool of read-only connections, and a connection of our own
//! that makes tables, kills queries and reads counters.

mod cancel;
pub(crate) mod format;
mod pool;
mod queue;
pub(crate) mod result;
mod run;

pub use result::Output;
pub use run::Query;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chdb_rust::connection::Connection;
use chdb_rust::format::OutputFormat;
use chdb_rust::query_param::{QueryParam, QueryParams};

use crate::config::Limits;
use crate::gate::Functions;
use crate::lake::Lake;
use crate::settings::Settings;
use crate::{Error, settings};
use pool::Pool;
use queue::Queue;

/// The engine and its lake. One per process.
pub struct Engine {
    /// The lake whose tables it serves.
    pub lake: Lake,
    limits: Limits,
    base: Settings,
    gate: Settings,
    functions: Functions,
    version: String,
    own: Mutex<Connection>,
    pool: Pool,
    queue: Queue,
    running: cancel::Running,
}

impl Engine {
    /// Starts the engine over a lake, in whose folder the process must stand: the engine reads files only from there.
    ///
    /// # Errors
    /// When chDB does not start. A lake that is missing or broken is no error.
    pub fn start(limits: Limits, lake: Lake) -> Result<Arc<Self>, Error> {
        // The engine's own handlers would swallow the signals that end this process.
        chdb_rust::runtime::signal_handlers(false);
        let own = Connection::open(&["--implicit_select=0"])?;
        own.query("CREATE DATABASE IF NOT EXISTS otel", OutputFormat::Null)?;
        let version = one_column(&own, "SELECT version()")?
            .into_iter()
            .next()
            .unwrap_or_default();
        let names = one_column(&own, "SELECT name FROM system.table_functions")?;
        let base = settings::base(&limits);
        let slots = usize::from(limits.slots);
        let engine = Self {
            lake,
            functions: Functions::new(names.iter().map(String::as_str)),
            version,
            own: Mutex::new(own),
            pool: Pool::new(3 * slots),
            queue: Queue::new(limits.slots, limits.queue, limits.queue_wait()),
            running: cancel::Running::default(),
            gate: settings::gate(),
            base,
            limits,
        };
        engine.pool.warm(&engine.base, slots)?;
        engine.pool.warm(&engine.gate, slots)?;
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
        self.queue.load()
    }

    /// Looks at the lake again: new tables become known, gone ones unknown.
    pub fn refresh(&self) {
        self.lake.refresh(|| self.own());
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
        self.queue.close();
        cancel::Running::cancel_all(self);
        self.queue.drained().await;
        self.pool.close();
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
