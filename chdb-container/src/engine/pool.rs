use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::format::OutputFormat;

use super::Connection;
use crate::Error;
use crate::gate::DATABASE;
use crate::settings::Settings;

/// Idle connections by the settings they were opened with.
///
/// Under `readonly=1` a connection's settings are fixed when it opens; that takes a fraction of a millisecond, so a
/// query with settings of its own gets a connection of its own, which stays for the next such query.
pub struct Pool {
    state: Mutex<State>,
    capacity: usize,
    /// Arguments of every connection.
    args: Vec<String>,
}

#[derive(Default)]
struct State {
    /// The longest idle first.
    idle: Vec<Pooled>,
    opened: u64,
}

/// A connection out of the pool.
pub struct Pooled {
    /// The connection, in the database `otel`.
    pub connection: Connection,
    /// Its `log_comment`, by which its query can be killed.
    pub tag: String,
    settings: Settings,
}

impl Pool {
    pub fn new(capacity: usize, args: Vec<String>) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
            args,
        }
    }

    /// Opens connections ahead of the first queries, one after the other.
    pub fn warm(&self, settings: &Settings, count: usize) -> Result<(), Error> {
        let pooled = (0..count)
            .map(|_| self.take(settings))
            .collect::<Result<Vec<_>, _>>()?;
        pooled.into_iter().for_each(|pooled| self.put(pooled));
        Ok(())
    }

    /// Returns a connection with exactly these settings, an idle one if there is one.
    ///
    /// # Errors
    /// When the engine does not open one.
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

    /// Takes a connection back, or closes it if a statement on it failed. Of too many idle ones the one that was idle
    /// longest is closed.
    pub fn put(&self, pooled: Pooled) {
        // No other statement has the settings of one insert.
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
