//! The bounded queue that limits how many statements run at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// A bounded queue in front of a fixed number of slots.
pub struct Queue {
    slots: Arc<Semaphore>,
    size: u16,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
    closed: AtomicBool,
}

/// A slot. Its holder may run one query.
pub type Slot = OwnedSemaphorePermit;

impl Queue {
    /// Returns a queue with `size` slots, in which up to `max_waiting` callers wait for up to `max_wait`.
    pub fn new(size: u16, max_waiting: usize, max_wait: Duration) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(size.into())),
            size,
            waiting: AtomicUsize::new(0),
            max_waiting,
            max_wait,
            closed: AtomicBool::new(false),
        }
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full or the wait took too long, [`Error::ShuttingDown`] after [`Self::close`].
    pub async fn acquire(&self) -> Result<Slot, Error> {
        let slot = match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => self.wait().await?,
        };
        if self.closed.load(Ordering::Acquire) {
            Err(Error::ShuttingDown)
        } else {
            Ok(slot)
        }
    }

    async fn wait(&self) -> Result<Slot, Error> {
        let caller = WaitingCaller::new(&self.waiting);
        let busy = Error::Busy {
            slots: self.size,
            waiting: caller.before,
        };
        if caller.before >= self.max_waiting {
            return Err(busy);
        }
        match tokio::time::timeout(self.max_wait, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(slot) => slot.map_err(|_| Error::ShuttingDown),
            Err(_) => Err(busy),
        }
    }

    /// Returns the number of taken slots and of waiting callers.
    pub fn load(&self) -> (usize, usize) {
        let taken = usize::from(self.size).saturating_sub(self.slots.available_permits());
        (taken, self.waiting.load(Ordering::Relaxed))
    }

    /// Refuses all further callers.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Waits until every slot is free.
    pub async fn drained(&self) {
        // Waiting callers get their slots first, and release them at once because the queue is closed.
        drop(self.slots.acquire_many(self.size.into()).await);
    }
}

/// A caller in the queue. Dropping this removes the caller, also after a disconnect.
struct WaitingCaller<'a> {
    waiting: &'a AtomicUsize,
    before: usize,
}

impl<'a> WaitingCaller<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        Self {
            waiting,
            before: waiting.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Drop for WaitingCaller<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
