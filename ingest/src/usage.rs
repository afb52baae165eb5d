//! Counts what senders sent, and writes the counts into the lake.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lakefront_otlp::Usage;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    metrics::TableLabel,
    server::{AppState, append_own},
    time::now_micros,
};

/// The counts since the last time they were written.
#[derive(Debug)]
pub struct Counts {
    /// True if counts are written. Otherwise nothing is counted.
    is_on: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    usage: Usage,
    /// When the counts began, in microseconds since 1970 UTC.
    since: i64,
    /// The number of commits and compactions of each table that were counted before.
    commits: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Returns empty counts. They stay empty if `interval` is zero.
    pub fn new(interval: Duration) -> Self {
        Self {
            is_on: !interval.is_zero(),
            state: Mutex::new(State {
                usage: Usage::default(),
                since: now_micros(),
                commits: BTreeMap::new(),
            }),
        }
    }

    /// Returns true if counts are written.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Counts something.
    pub fn count(&self, count: impl FnOnce(&mut Usage)) {
        if self.is_on {
            count(&mut self.lock().usage);
        }
    }

    /// Takes the counts, with what the tables have and how often they were committed.
    fn take(&self, state: &AppState) -> Vec<Value> {
        let mut counts = self.lock();
        let State {
            usage,
            since,
            commits,
        } = &mut *counts;
        for table in state.tables.borrow().iter() {
            if let Some(known) = lakefront_otel::tables()
                .iter()
                .find(|known| known.name == table.table)
            {
                usage.stored(known.name, table.rows, table.bytes);
            }
        }
        for table in lakefront_otel::tables() {
            let label = TableLabel { table: table.name };
            let metrics = &state.metrics;
            let all =
                metrics.commits.get_or_create(&label).get() + metrics.compactions.get_or_create(&label).get();
            let before = commits.insert(table.name, all).unwrap_or_default();
            if all > before {
                usage.committed(table.name, all - before);
            }
        }
        let began = std::mem::replace(since, now_micros());
        usage.take("ingest", began)
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a task to `tasks` that writes the counts at each multiple of the interval on the clock, so that no count is of two
/// hours.
///
/// # Panics
/// Panics if there is no Tokio runtime.
pub fn start(tasks: &mut JoinSet<()>, state: AppState) {
    let interval = i64::try_from(state.config.server.usage_interval.as_micros()).unwrap_or(i64::MAX);
    if interval == 0 {
        return;
    }
    tasks.spawn(async move {
        loop {
            let left = interval - now_micros().rem_euclid(interval);
            tokio::time::sleep(Duration::from_micros(left.unsigned_abs())).await;
            write(&state).await;
        }
    });
}

/// Writes the counts, if there are any. Counts that the log does not take are lost.
pub async fn write(state: &AppState) {
    if !state.usage.is_on {
        return;
    }
    let records = state.usage.take(state);
    if let Err(error) = append_own(state, records).await {
        tracing::warn!(%error, "what senders sent is not counted for the last interval");
    }
}
