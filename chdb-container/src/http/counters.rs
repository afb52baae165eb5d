//! Counters of queries, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Error;
use crate::engine::Output;

/// Counters of queries and their results since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Queries that were answered.
    pub answered: AtomicU64,
    /// Queries that ended in an error, those refused for load excepted.
    pub refused: AtomicU64,
    /// Queries that were refused because the queue was full or the wait was too long.
    pub busy: AtomicU64,
    /// Answers that were cut at a limit.
    pub truncated: AtomicU64,
    /// Rows of answers.
    pub rows: AtomicU64,
    /// Bytes of answers, before compression.
    pub bytes: AtomicU64,
    /// The time that answered queries took in the engine, in microseconds.
    pub engine_micros: AtomicU64,
    /// The time from arrival to answer of answered queries, in microseconds.
    pub total_micros: AtomicU64,
}

impl Counters {
    /// Counts a query by its outcome.
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
