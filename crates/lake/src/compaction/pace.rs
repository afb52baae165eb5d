//! The pace of a compaction: it works a share of the time, and stops when its program does.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error::{Error, Result};

/// Shortest rest. Shorter ones are put together.
const SHORTEST_REST: Duration = Duration::from_millis(10);

/// The pace of a compaction. It is called between pieces of work, and rests there in proportion to the work.
#[derive(Debug)]
pub struct Pace {
    /// Share of the time that is spent on work, in percent.
    percent: u32,
    working_since: Mutex<Instant>,
    stopped: watch::Sender<bool>,
}

impl Pace {
    /// Returns the pace of a compaction that works at most `percent` of the time, from 1 to 100.
    pub fn new(percent: u32) -> Self {
        Self {
            percent: percent.clamp(1, 100),
            working_since: Mutex::new(Instant::now()),
            stopped: watch::Sender::new(false),
        }
    }

    /// Ends the compaction with [`Error::Stopped`] at its next rest, or at once if it rests.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits for that time.
    ///
    /// # Errors
    /// [`Error::Stopped`] as soon as the pace is stopped.
    pub async fn wait(&self, time: Duration) -> Result<()> {
        let mut stopped = self.stopped.subscribe();
        let waiting = tokio::time::timeout(time, stopped.wait_for(|stopped| *stopped));
        match waiting.await {
            Ok(_) => Err(Error::Stopped),
            Err(_) => Ok(()),
        }
    }

    /// Starts a piece of work. The time before it does not count as work.
    pub(crate) fn start(&self) {
        *self.since() = Instant::now();
    }

    /// Rests after a piece of work. Blocks, and needs a thread of a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::Stopped`] as soon as the pace is stopped.
    pub(crate) fn rest(&self) -> Result<()> {
        let earned = self.since().elapsed() * (100 - self.percent) / self.percent;
        if earned >= SHORTEST_REST {
            Handle::current().block_on(self.wait(earned))?;
            self.start();
        }
        match *self.stopped.borrow() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.working_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
