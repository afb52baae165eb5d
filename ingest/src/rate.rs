//! The rate of accepted records: records per second, over the last minute.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

const SECONDS: usize = 60;

/// Counts records by the second in which they were accepted.
#[derive(Debug)]
pub struct Rate {
    started: Instant,
    /// One slot for each second of a minute: the second since the start that the slot counts, and the records of that
    /// second.
    counts: Mutex<[(u64, u64); SECONDS]>,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            counts: Mutex::new([(0, 0); SECONDS]),
        }
    }
}

impl Rate {
    /// Adds records that are accepted now.
    pub fn add(&self, records: u64) {
        self.add_at(self.started.elapsed().as_secs(), records);
    }

    /// Returns the records per second over the last minute, or since the start if that is less than a minute ago.
    pub fn per_second(&self) -> f64 {
        self.per_second_at(self.started.elapsed().as_secs())
    }

    fn add_at(&self, second: u64, records: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = &mut counts[(second % SECONDS as u64) as usize];
        if count.0 != second {
            *count = (second, 0);
        }
        count.1 += records;
    }

    fn per_second_at(&self, second: u64) -> f64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let first = (second + 1).saturating_sub(SECONDS as u64);
        let recent = counts.iter().filter(|(at, _)| (first..=second).contains(at));
        let records: u64 = recent.map(|(_, records)| records).sum();
        records as f64 / (second + 1 - first) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn a_rate_is_that_of_the_last_minute() {
        let rate = Rate::default();
        assert_eq!(rate.per_second_at(0), 0.0);
        rate.add_at(0, 10);
        rate.add_at(0, 10);
        assert_eq!(rate.per_second_at(0), 20.0);
        assert_eq!(rate.per_second_at(9), 2.0);
        rate.add_at(30, 100);
        assert_eq!(rate.per_second_at(59), 2.0);
        assert_eq!(
            rate.per_second_at(60),
            100.0 / 60.0,
            "the first second has passed"
        );
        rate.add_at(90, 60);
        assert_eq!(
            rate.per_second_at(90),
            1.0,
            "a second stands in the place of one before"
        );
        assert_eq!(rate.per_second_at(1_000), 0.0);
    }
}
