use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// A bounded line in front of a fixed number of slots.
pub struct Queue {
    slots: Arc<Semaphore>,
    size: u16,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
    closed: AtomicBool,
}

/// A slot; whoever holds it may run one query.
pub type Slot = OwnedSemaphorePermit;

impl Queue {
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
    /// [`Error::Busy`] when the line is full or the wait too long, [`Error::ShuttingDown`] at the end.
    pub async fn enter(&self) -> Result<Slot, Error> {
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
        let place = Place::new(&self.waiting);
        let busy = Error::Busy {
            slots: self.size,
            waiting: place.before,
        };
        if place.before >= self.max_waiting {
            return Err(busy);
        }
        match tokio::time::timeout(self.max_wait, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(slot) => slot.map_err(|_| Error::ShuttingDown),
            Err(_) => Err(busy),
        }
    }

    /// How many slots are taken, and how many wait.
    pub fn load(&self) -> (usize, usize) {
        let taken = usize::from(self.size).saturating_sub(self.slots.available_permits());
        (taken, self.waiting.load(Ordering::Relaxed))
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Waits until every slot is free.
    pub async fn drained(&self) {
        // Those who wait get their slot first, and leave at once when the queue is closed.
        drop(self.slots.acquire_many(self.size.into()).await);
    }
}

/// A place in the line, given up when dropped, also by a caller that went away.
struct Place<'a> {
    waiting: &'a AtomicUsize,
    before: usize,
}

impl<'a> Place<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        Self {
            waiting,
            before: waiting.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
