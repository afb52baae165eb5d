use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The OTLP signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Log records.
    Logs,
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
}

impl Signal {
    /// The path of OTLP/HTTP.
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

/// What became of everything that was handed over: nothing is lost without being counted here.
#[derive(Debug, Default)]
pub struct Tally {
    /// Signed: a refusal is read from the reply before the batch is counted.
    accepted: [AtomicI64; 3],
    rejected: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Tally {
    /// How many items of a signal the endpoint took.
    pub fn accepted(&self, signal: Signal) -> u64 {
        self.accepted[signal as usize]
            .load(Ordering::Relaxed)
            .max(0)
            .unsigned_abs()
    }

    /// How many items of any signal the endpoint took.
    pub fn total(&self) -> u64 {
        [Signal::Logs, Signal::Traces, Signal::Metrics]
            .into_iter()
            .map(|signal| self.accepted(signal))
            .sum()
    }

    /// How many items the endpoint refused one by one (OTLP's partial success).
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// The first batch that could not be delivered, in words.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().ok().and_then(|failure| failure.clone())
    }

    pub(super) fn accept(&self, signal: Signal, items: u64) {
        self.accepted[signal as usize].fetch_add(items.cast_signed(), Ordering::Relaxed);
    }

    /// Of items that [`Self::accept`] counts (or is about to count), some were refused after all.
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
