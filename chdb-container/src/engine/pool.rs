//! The pool of idle connections.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::format::OutputFormat;

use crate::chdb::Connection;
use crate::settings::Settings;
use crate::{DATABASE, Error};

/// The idle connections, by the settings they were opened with.
///
/// Under `readonly=1` the settings of a connection are fixed when it opens, which takes a fraction of a millisecond. A
/// query with its own settings therefore gets a new connection, which stays in the pool for the next query with these
/// settings.
pub struct Pool {
    state: Mutex<State>,
    capacity: usize,
    /// Arguments with which every connection is opened.
    args: Vec<String>,
}

#[derive(Default)]
struct State {
    /// The idle connections; the first one has been idle longest.
    idle: Vec<Pooled>,
    opened: u64,
}

/// A connection taken from the pool.
pub struct Pooled {
    /// The connection, in the database `otel`.
    pub connection: Connection,
    /// The `log_comment` of the connection. A query on it is killed by this value.
    pub tag: String,
    settings: Settings,
}

impl Pool {
    /// Returns an empty pool that keeps at most `capacity` idle connections.
    pub fn new(capacity: usize, args: Vec<String>) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
            args,
        }
    }

    /// Opens `count` connections with these settings, one after the other, so that the first queries need not.
    pub fn warm(&self, settings: &Settings, count: usize) -> Result<(), Error> {
        let pooled = (0..count)
            .map(|_| self.take(settings))
            .collect::<Result<Vec<_>, _>>()?;
        pooled.into_iter().for_each(|pooled| self.put(pooled));
        Ok(())
    }

    /// Returns a connection with exactly these settings: an idle one, or a new one.
    ///
    /// # Errors
    /// If the engine does not open a connection, for example because of an unknown setting.
    pub fn take(&self, settings: &Settings) -> Result<Pooled, Error> {
        let mut state = self.state();
        if let Some(index) = state.idle.iter().rposition(|pooled| pooled.settings == *settings) {
            return Ok(state.idle.remove(index));
        }
        state.opened += 1;
        let tag = format!("lakefront-{}", state.opened);
        drop(state);
        let own = settings
            .iter()
            .map(|(name, value)| format!("--{name}={value}"))
            .chain([format!("--log_comment={tag}")]);
        let args: Vec<String> = self.args.iter().cloned().chain(own).collect();
        let connection = Connection::open(&args)?;
        connection.query(&format!("USE {DATABASE}"), OutputFormat::Null)?;
        Ok(Pooled {
            connection,
            tag,
            settings: settings.clone(),
        })
    }

    /// Returns a connection to the pool, or closes it if a statement on it failed. If the pool is full, the connection
    /// that has been idle longest is closed.
    pub fn put(&self, pooled: Pooled) {
        // No other statement has the deduplication token of this insert.
        let is_for_one = pooled.settings.contains_key("insert_deduplication_token");
        if is_for_one || pooled.connection.has_failed() {
            return;
        }
        let mut state = self.state();
        state.idle.push(pooled);
        let surplus = (state.idle.len() > self.capacity).then(|| state.idle.remove(0));
        drop(state);
        drop(surplus);
    }

    /// Closes every idle connection.
    pub fn close(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        drop(idle);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
