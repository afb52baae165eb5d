//! Stopping a statement whose caller went away.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use super::Engine;
use crate::access::Profile;

/// One query's way to be stopped.
#[derive(Default)]
pub struct Cancellation {
    state: Mutex<State>,
    ended: Condvar,
    /// Wakes an insert that waits for rows.
    stopped: Notify,
}

#[derive(Default)]
struct State {
    cancelled: bool,
    /// The `log_comment` of the statement that runs.
    tag: Option<String>,
    /// It changes something: as in ClickHouse, it does not end because its caller went away.
    writes: bool,
}

impl Cancellation {
    /// The statement is about to run; false when it should not.
    pub fn begin(&self, tag: &str, writes: bool) -> bool {
        let mut state = self.state();
        state.tag = Some(tag.to_owned());
        state.writes = writes;
        !state.cancelled
    }

    /// The statement has ended. A kill that is on its way is over when this returns, so the connection can be used again.
    pub fn end(&self) {
        self.state().tag = None;
        self.ended.notify_all();
    }

    /// Whether somebody wants it stopped.
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Waits until somebody wants it stopped. One task may wait.
    pub async fn cancelled(&self) {
        while !self.is_cancelled() {
            self.stopped.notified().await;
        }
    }

    /// Whether the statement runs in the engine now.
    fn runs(&self) -> bool {
        self.state().tag.is_some()
    }

    /// The caller went away, or has its answer.
    fn abandon(self: &Arc<Self>, engine: &Arc<Engine>) {
        let keeps_on = {
            let state = self.state();
            state.writes && state.tag.is_some()
        };
        if !keeps_on {
            self.cancel(engine);
        }
    }

    /// Stops the statement: it is killed again and again until it has ended, because the engine may not know it yet.
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

    fn kill(&self, engine: &Engine) {
        let mut pause = Duration::from_millis(10);
        let mut state = self.state();
        while let Some(tag) = &state.tag {
            // SYNC would hang. The tag is ours, letters and digits.
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

/// Every query that was let in, until it has ended.
#[derive(Default)]
pub struct Running {
    queries: Mutex<(u64, BTreeMap<u64, Listed>)>,
    /// Threads that stop one of them; each holds on to the engine.
    killers: Mutex<Vec<JoinHandle<()>>>,
}

struct Listed {
    /// The id that the caller gave it.
    query_id: Option<String>,
    /// The caller: users have one profile each.
    profile: Arc<Profile>,
    cancellation: Arc<Cancellation>,
}

/// Keeps a query listed until it is dropped.
pub struct Entry {
    engine: Arc<Engine>,
    number: u64,
    cancellation: Arc<Cancellation>,
}

/// Cancels its query when dropped, if that only reads: a future that is not awaited to its end is a caller that went
/// away.
pub struct Caller {
    engine: Arc<Engine>,
    cancellation: Arc<Cancellation>,
}

/// How long [`Running::kill`] waits for queries to end.
const KILL_PATIENCE: Duration = Duration::from_secs(25);

impl Running {
    /// Lists a query.
    pub fn start(engine: &Arc<Engine>, profile: &Arc<Profile>, query_id: Option<&str>) -> Entry {
        let cancellation = Arc::new(Cancellation::default());
        let mut queries = engine.running.queries();
        queries.0 += 1;
        let number = queries.0;
        let listed = Listed {
            query_id: query_id.map(str::to_owned),
            profile: Arc::clone(profile),
            cancellation: Arc::clone(&cancellation),
        };
        queries.1.insert(number, listed);
        Entry {
            engine: Arc::clone(engine),
            number,
            cancellation,
        }
    }

    /// Stops a user's queries whose id is chosen, also those that write, and waits until they have ended. Returns false if
    /// one still runs after [`KILL_PATIENCE`].
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
            // A cancelled query that does not run yet will not begin.
            while killed.iter().any(|query| query.runs()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(KILL_PATIENCE, ended).await.is_ok()
    }

    /// Stops all of them.
    pub fn cancel_all(engine: &Arc<Engine>) {
        let running: Vec<_> = {
            let queries = engine.running.queries();
            let listed = queries.1.values();
            listed.map(|listed| Arc::clone(&listed.cancellation)).collect()
        };
        running.iter().for_each(|query| query.cancel(engine));
    }

    /// Waits for the threads that stop queries: they end with the queries.
    pub fn join(&self) {
        let killers = std::mem::take(&mut *self.killers());
        // One that panicked has nothing more to do.
        killers.into_iter().for_each(|killer| drop(killer.join()));
    }

    fn killers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.killers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queries(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Listed>)> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// The query's way to be stopped.
    pub fn cancellation(&self) -> Arc<Cancellation> {
        Arc::clone(&self.cancellation)
    }

    /// The guard of the query's caller.
    pub fn caller(&self) -> Caller {
        Caller {
            engine: Arc::clone(&self.engine),
            cancellation: Arc::clone(&self.cancellation),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.engine.running.queries().1.remove(&self.number);
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.cancellation.abandon(&self.engine);
    }
}
