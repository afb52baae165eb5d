use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Error;
use crate::engine::Output;

/// What happened to queries since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub answered: AtomicU64,
    pub refused: AtomicU64,
    pub busy: AtomicU64,
    pub truncated: AtomicU64,
    pub rows: AtomicU64,
    pub bytes: AtomicU64,
    /// Within the engine, in microseconds.
    pub engine_micros: AtomicU64,
    /// From arrival to answer, in microseconds.
    pub total_micros: AtomicU64,
}

impl Counters {
    /// Counts a query and what became of it.
    pub fn count(&self, outcome: &Result<Output, Error>, took: Duration) {
        let add = |counter: &AtomicU64, value: u64| {
            counter.fetch_add(value, Ordering::Relaxed);
        };
        match outcome {
            Ok(output) => {
                add(&self.answered, 1);
                add(&self.truncated, output.truncated.is_some().into());
                add(&self.rows, output.rows);
                add(&self.bytes, output.bytes.len() as u64);
                add(
                    &self.engine_micros,
                    u64::try_from(output.elapsed.as_micros()).unwrap_or(u64::MAX),
                );
                add(
                    &self.total_micros,
                    u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                );
            }
            Err(Error::Busy { .. }) => add(&self.busy, 1),
            Err(_) => add(&self.refused, 1),
        }
    }
}
