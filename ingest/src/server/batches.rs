//! The requests that were accepted recently, so that a request which is sent again is not stored again.
//!
//! A sender repeats a request when it got no answer. A request is identified by the id that its sender gave it, else by
//! its bytes. The cache is in memory: after a restart it is empty.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, header::AUTHORIZATION};
use lakefront_otlp::{BatchId, PartialSuccess};
use tokio::sync::watch;

use super::error::ApiError;
use crate::wal::BodyKind;

/// Largest number of remembered requests, and largest number of bytes that they take. Past either, the oldest is
/// dropped.
const ENTRIES: usize = 100_000;
const BYTES: usize = 32 << 20;

/// Approximate bytes of a remembered request without the text of its answer.
const ENTRY_BYTES: usize = 256;

/// The identity of a request: a hash of its sender's key, its signal, and its id or body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Returns the key of a request. `keyed` is true if senders have keys; requests of different senders then differ.
    pub fn new(
        kind: BodyKind,
        id: Option<&BatchId>,
        body: &blake3::Hash,
        headers: &HeaderMap,
        keyed: bool,
    ) -> Self {
        let authorization = headers.get(AUTHORIZATION).filter(|_| keyed);
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        };
        part(authorization.map_or(&[], |value| value.as_bytes()));
        part(&kind.signal.to_le_bytes());
        match id {
            Some(id) => part(id.as_str().as_bytes()),
            None => {
                part(&[]);
                part(&kind.format.to_le_bytes());
                part(&kind.compression.to_le_bytes());
                part(body.as_bytes());
            }
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// The result of an accepted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The answer's body.
    pub partial: PartialSuccess,
    /// The last log position of the request; `None` if none of its records was accepted.
    pub position: Option<u64>,
}

/// The cache of recently accepted requests.
#[derive(Debug)]
pub struct Batches {
    time: Duration,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    batches: HashMap<Key, Batch>,
    /// Accepted requests, the oldest first.
    order: VecDeque<(Instant, Key)>,
    /// Bytes of the accepted requests.
    bytes: usize,
}

#[derive(Debug)]
struct Batch {
    body: blake3::Hash,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The request is being stored. The channel closes when storing has ended.
    InProgress(watch::Receiver<()>),
    Accepted(Arc<Accepted>),
}

/// The role of a request among equal ones.
pub enum Claim {
    /// The request is the first one and must be stored.
    First(InProgress),
    /// An equal request was stored before.
    Repeated(Arc<Accepted>),
}

impl Batches {
    /// Returns a cache that remembers requests for `time`. A `time` of 0 turns the cache off.
    pub fn new(time: Duration) -> Self {
        Self {
            time,
            known: Mutex::default(),
        }
    }

    /// Returns true if requests are remembered.
    pub fn is_on(&self) -> bool {
        !self.time.is_zero()
    }

    /// Returns the role of a request. A request that is equal to another in progress waits until that one ends. If that
    /// one fails, the waiting request becomes the first.
    ///
    /// # Errors
    /// Returns an error if the id of the request belonged to another body before.
    pub async fn claim(self: &Arc<Self>, key: Key, body: blake3::Hash) -> Result<Claim, ApiError> {
        loop {
            let mut other = {
                let mut known = self.lock();
                known.forget(|at| at.elapsed() >= self.time);
                match known.batches.get(&key) {
                    Some(batch) if batch.body != body => return Err(ApiError::OtherBody),
                    Some(Batch {
                        state: State::Accepted(accepted),
                        ..
                    }) => return Ok(Claim::Repeated(accepted.clone())),
                    Some(Batch {
                        state: State::InProgress(ended),
                        ..
                    }) => ended.clone(),
                    None => {
                        let (ending, ended) = watch::channel(());
                        let state = State::InProgress(ended);
                        known.batches.insert(key, Batch { body, state });
                        return Ok(Claim::First(InProgress {
                            batches: self.clone(),
                            key,
                            _ending: ending,
                        }));
                    }
                }
            };
            // The error means that the sender of the channel was dropped, which is the awaited event.
            let _ = other.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Drops the oldest requests while `is_old` is true for their time, or a limit of the cache is exceeded.
    fn forget(&mut self, is_old: impl Fn(&Instant) -> bool) {
        while let Some((at, key)) = self.order.front()
            && (is_old(at) || self.order.len() > ENTRIES || self.bytes > BYTES)
        {
            if let Some(Batch {
                state: State::Accepted(accepted),
                ..
            }) = self.batches.remove(key)
            {
                self.bytes -= accepted.bytes();
            }
            self.order.pop_front();
        }
    }
}

impl Accepted {
    /// Returns the approximate bytes that the request takes in the cache.
    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.partial.reason.len()
    }
}

/// A request that is being stored. Dropping the value without [`InProgress::accepted`] removes the request from the
/// cache, so that an equal one is stored.
#[derive(Debug)]
pub struct InProgress {
    batches: Arc<Batches>,
    key: Key,
    /// Closes after the state has changed: fields are dropped after [`Drop::drop`].
    _ending: watch::Sender<()>,
}

impl InProgress {
    /// Remembers the request as stored.
    pub fn accepted(self, accepted: Accepted) {
        let mut known = self.batches.lock();
        if let Some(batch) = known.batches.get_mut(&self.key) {
            let bytes = accepted.bytes();
            batch.state = State::Accepted(Arc::new(accepted));
            known.bytes += bytes;
            known.order.push_back((Instant::now(), self.key));
            known.forget(|_| false);
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        let mut known = self.batches.lock();
        let in_progress = |batch: &Batch| matches!(batch.state, State::InProgress(_));
        if known.batches.get(&self.key).is_some_and(in_progress) {
            known.batches.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(reason: &str) -> Accepted {
        Accepted {
            partial: PartialSuccess {
                rejected: 0,
                reason: reason.to_owned(),
            },
            position: Some(1),
        }
    }

    fn key(number: u64) -> Key {
        Key(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    async fn first(batches: &Arc<Batches>, number: u64) -> InProgress {
        match batches.claim(key(number), blake3::hash(b"")).await {
            Ok(Claim::First(first)) => first,
            _ => panic!("{number} is known"),
        }
    }

    #[tokio::test]
    async fn the_memory_is_bounded_by_number_bytes_and_time() {
        let batches = Arc::new(Batches::new(Duration::from_secs(600)));
        for number in 0..ENTRIES as u64 + 10 {
            first(&batches, number).await.accepted(accepted(""));
        }
        assert_eq!(batches.lock().batches.len(), ENTRIES);
        assert_eq!(batches.lock().order.len(), ENTRIES);
        drop(first(&batches, 0).await);
        let last = batches.claim(key(ENTRIES as u64 + 9), blake3::hash(b"")).await;
        assert!(matches!(last, Ok(Claim::Repeated(_))));

        let batches = Arc::new(Batches::new(Duration::from_secs(600)));
        let reason = "x".repeat(1 << 20);
        for number in 0..64 {
            first(&batches, number).await.accepted(accepted(&reason));
        }
        assert_eq!(batches.lock().batches.len(), 31);
        assert!(batches.lock().bytes <= BYTES);

        let batches = Arc::new(Batches::new(Duration::from_nanos(1)));
        first(&batches, 1).await.accepted(accepted(""));
        first(&batches, 2).await.accepted(accepted(""));
        drop(first(&batches, 1).await);
        assert!(batches.lock().batches.is_empty());
        assert_eq!(batches.lock().bytes, 0);
    }
}
