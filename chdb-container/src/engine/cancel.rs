//! Cancellation of statements: by their caller's disconnect, by a KILL, and at shutdown.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use super::Engine;
use crate::access::Profile;

/// The cancellation state of one query.
#[derive(Default)]
pub struct Cancellation {
    state: Mutex<State>,
    ended: Condvar,
    /// Notified on cancellation; wakes an insert that waits for rows.
    stopped: Notify,
}

#[derive(Default)]
struct State {
    cancelled: bool,
    /// The `log_comment` of the statement while it runs in the engine.
    tag: Option<String>,
    /// True if the statement changes data. As in ClickHouse, such a statement continues after its caller has
    /// disconnected.
    writes: bool,
}

impl Cancellation {
    /// Marks the statement as running. Returns false if it was cancelled before and must not start.
    pub fn begin(&self, tag: &str, writes: bool) -> bool {
        let mut state = self.state();
        state.tag = Some(tag.to_owned());
        state.writes = writes;
        !state.cancelled
    }

    /// Marks the statement as ended. No kill is under way when this returns, so the connection can be used again.
    pub fn end(&self) {
        self.state().tag = None;
        self.ended.notify_all();
    }

    /// Returns true once the query is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Waits until the query is cancelled. Only one task may wait.
    pub async fn cancelled(&self) {
        while !self.is_cancelled() {
            self.stopped.notified().await;
        }
    }

    /// Returns the `log_comment` of the statement while it runs in the engine.
    pub fn tag(&self) -> Option<String> {
        self.state().tag.clone()
    }

    /// Returns true while the statement runs in the engine.
    fn runs(&self) -> bool {
        self.state().tag.is_some()
    }

    /// Cancels the query after its caller has disconnected or has received the answer. A running statement that changes
    /// data continues.
    fn abandon(self: &Arc<Self>, engine: &Arc<Engine>) {
        let keeps_on = {
            let state = self.state();
            state.writes && state.tag.is_some()
        };
        if !keeps_on {
            self.cancel(engine);
        }
    }

    /// Cancels the query. A thread kills a running statement repeatedly until it has ended, because the engine may not
    /// list the statement at first.
    fn cancel(self: &Arc<Self>, engine: &Arc<Engine>) {
        let mut state = self.state();
        state.cancelled = true;
        self.stopped.notify_one();
        if state.tag.is_none() {
            return;
        }
        drop(state);
        let (this, killing) = (Arc::clone(self), Arc::clone(engine));
        let killer = std::thread::spawn(move || this.kill(&killing));
        let mut killers = engine.running.killers();
        killers.retain(|killer| !killer.is_finished());
        killers.push(killer);
    }

    /// Sends `KILL QUERY` until the statement has ended, at intervals of 10 to 500 ms.
    fn kill(&self, engine: &Engine) {
        let mut pause = Duration::from_millis(10);
        let mut state = self.state();
        while let Some(tag) = &state.tag {
            // SYNC would hang. The tag needs no escaping: the pool makes it of letters, digits and `-`.
            let sql = format!("KILL QUERY WHERE Settings['log_comment'] = '{tag}' ASYNC");
            if let Err(error) = engine.control.column(&sql) {
                tracing::warn!(%error, tag, "a query could not be killed");
            }
            state = self
                .ended
                .wait_timeout(state, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queries in the queues and in the engine.
#[derive(Default)]
pub struct RunningQueries {
    queries: Mutex<(u64, BTreeMap<u64, RunningQuery>)>,
    /// The threads that kill queries. Each holds a reference to the engine.
    killers: Mutex<Vec<JoinHandle<()>>>,
}

struct RunningQuery {
    /// The id that the caller gave to the query.
    query_id: Option<String>,
    /// The caller's profile. Each user has exactly one, so the pointer identifies the user.
    profile: Arc<Profile>,
    cancellation: Arc<Cancellation>,
}

/// A guard that keeps a query listed until it is dropped.
pub struct RunningEntry {
    engine: Arc<Engine>,
    number: u64,
    cancellation: Arc<Cancellation>,
}

/// A guard that cancels a query when dropped, unless a running statement changes data. A future that is dropped before
/// its end means that the caller has disconnected.
pub struct CallerGuard {
    engine: Arc<Engine>,
    cancellation: Arc<Cancellation>,
}

/// The time that [`RunningQueries::kill`] waits for queries to end.
const KILL_TIMEOUT: Duration = Duration::from_secs(25);

impl RunningQueries {
    /// Adds a query to the list and returns the guard that removes it.
    pub fn start(engine: &Arc<Engine>, profile: &Arc<Profile>, query_id: Option<&str>) -> RunningEntry {
        let cancellation = Arc::new(Cancellation::default());
        let mut queries = engine.running.queries();
        queries.0 += 1;
        let number = queries.0;
        let listed = RunningQuery {
            query_id: query_id.map(str::to_owned),
            profile: Arc::clone(profile),
            cancellation: Arc::clone(&cancellation),
        };
        queries.1.insert(number, listed);
        RunningEntry {
            engine: Arc::clone(engine),
            number,
            cancellation,
        }
    }

    /// Stops the queries of a user whose id `chosen` accepts, including those that write, and waits until they have
    /// ended. Returns false if one still runs after [`KILL_TIMEOUT`].
    pub async fn kill(engine: &Arc<Engine>, profile: &Arc<Profile>, chosen: impl Fn(&str) -> bool) -> bool {
        let killed: Vec<_> = engine
            .running
            .queries()
            .1
            .values()
            .filter(|listed| Arc::ptr_eq(&listed.profile, profile))
            .filter(|listed| listed.query_id.as_deref().is_some_and(&chosen))
            .map(|listed| Arc::clone(&listed.cancellation))
            .collect();
        killed.iter().for_each(|query| query.cancel(engine));
        let ended = async {
            // A cancelled query that is not running yet does not start.
            while killed.iter().any(|query| query.runs()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(KILL_TIMEOUT, ended).await.is_ok()
    }

    /// Returns the state of a user's query with an id.
    pub fn find(engine: &Engine, profile: &Arc<Profile>, query_id: &str) -> Option<Arc<Cancellation>> {
        let queries = engine.running.queries();
        let mut listed = queries
            .1
            .values()
            .filter(|listed| Arc::ptr_eq(&listed.profile, profile));
        let found = listed.find(|listed| listed.query_id.as_deref() == Some(query_id))?;
        Some(Arc::clone(&found.cancellation))
    }

    /// Cancels every query.
    pub fn cancel_all(engine: &Arc<Engine>) {
        let running: Vec<_> = {
            let queries = engine.running.queries();
            let listed = queries.1.values();
            listed.map(|listed| Arc::clone(&listed.cancellation)).collect()
        };
        running.iter().for_each(|query| query.cancel(engine));
    }

    /// Waits for the threads that kill queries. They end with the queries.
    pub fn join(&self) {
        let killers = std::mem::take(&mut *self.killers());
        // A panicked thread has nothing left to do.
        killers.into_iter().for_each(|killer| drop(killer.join()));
    }

    fn killers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.killers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queries(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, RunningQuery>)> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningEntry {
    /// Returns the cancellation state of the query.
    pub fn cancellation(&self) -> Arc<Cancellation> {
        Arc::clone(&self.cancellation)
    }

    /// Returns the guard that cancels the query when its caller disconnects.
    pub fn caller(&self) -> CallerGuard {
        CallerGuard {
            engine: Arc::clone(&self.engine),
            cancellation: Arc::clone(&self.cancellation),
        }
    }
}

impl Drop for RunningEntry {
    fn drop(&mut self) {
        self.engine.running.queries().1.remove(&self.number);
    }
}

impl Drop for CallerGuard {
    fn drop(&mut self) {
        self.cancellation.abandon(&self.engine);
    }
}
