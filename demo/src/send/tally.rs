//! The counts of accepted, rejected and failed items.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Logs,
    Traces,
    Metrics,
}

impl Signal {
    /// Returns the path of the signal in OTLP/HTTP.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }

    pub(super) fn of_path(path: &str) -> Option<Self> {
        [Self::Logs, Self::Traces, Self::Metrics]
            .into_iter()
            .find(|signal| path.ends_with(signal.path()))
    }
}

/// The outcome of all items. Each one is counted as accepted or rejected, or its failure is recorded.
#[derive(Debug, Default)]
pub struct Tally {
    /// The accepted items of each signal. The number is signed because a rejection is subtracted before its batch is
    /// added.
    accepted: [AtomicI64; 3],
    rejected: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Tally {
    /// Returns the number of items of a signal that the endpoint accepted.
    pub fn accepted(&self, signal: Signal) -> u64 {
        self.accepted[signal as usize]
            .load(Ordering::Relaxed)
            .max(0)
            .unsigned_abs()
    }

    /// Returns the number of items of all signals that the endpoint accepted.
    pub fn total(&self) -> u64 {
        [Signal::Logs, Signal::Traces, Signal::Metrics]
            .into_iter()
            .map(|signal| self.accepted(signal))
            .sum()
    }

    /// Returns the number of items that the endpoint rejected from accepted requests (OTLP's partial success).
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Returns the first failure to deliver a batch, as a text for people.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().ok().and_then(|failure| failure.clone())
    }

    pub(super) fn accept(&self, signal: Signal, items: u64) {
        self.accepted[signal as usize].fetch_add(items.cast_signed(), Ordering::Relaxed);
    }

    /// Counts items as rejected that [`Self::accept`] counts as accepted, before or after this call.
    pub(super) fn reject(&self, signal: Signal, items: u64) {
        self.accepted[signal as usize].fetch_sub(items.cast_signed(), Ordering::Relaxed);
        self.rejected.fetch_add(items, Ordering::Relaxed);
    }

    pub(super) fn fail(&self, sentence: String) {
        if let Ok(mut failure) = self.failure.lock() {
            failure.get_or_insert(sentence);
        }
    }
}
