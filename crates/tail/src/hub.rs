//! The open tails, and what each of them gets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::channel::mpsc;
use lakefront_api::Signal;

use crate::{Filter, Found};

/// The most tails that are open at once. Each is a connection with a queue.
pub const MOST_TAILS: usize = 64;
/// The most rows that wait for the reader of a tail.
pub const QUEUE_ROWS: usize = 256;
/// The most bytes that wait for the reader of a tail.
pub const QUEUE_BYTES: usize = 512 << 10;
/// The most rows that a tail gets in a second. Nobody reads more, and the others are counted.
pub const RATE: u32 = 200;

/// The rows of a tail since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted rows that fit the filter.
    pub matched: u64,
    /// Rows among them that the tail did not get, because they were too many or the reader too slow.
    pub dropped: u64,
    /// Accepted rows of the signal that were not compared with the filter, because too many were accepted.
    pub unseen: u64,
}

/// There are [`MOST_TAILS`] open tails, or the program stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The open tails of a program.
#[derive(Debug, Default)]
pub struct Hub {
    tails: Vec<Tail>,
    is_closed: bool,
}

/// An open tail. Dropping its [`Listener`] closes it.
#[derive(Debug)]
struct Tail {
    filter: Arc<Filter>,
    rows: mpsc::Sender<String>,
    shared: Arc<Shared>,
    /// The rows that the tail may still get, as of `at`.
    allowance: f64,
    at: Duration,
}

/// What both ends of a tail know.
#[derive(Debug, Default)]
struct Shared {
    waiting_bytes: AtomicUsize,
    matched: AtomicU64,
    dropped: AtomicU64,
    unseen: AtomicU64,
}

impl Shared {
    fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            matched: read(&self.matched),
            dropped: read(&self.dropped),
            unseen: read(&self.unseen),
        }
    }
}

/// The reader's end of a tail.
#[derive(Debug)]
pub struct Listener {
    pub(crate) rows: mpsc::Receiver<String>,
    shared: Arc<Shared>,
}

impl Listener {
    /// Returns the counts of the tail.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Makes room for the next row after one was taken.
    pub(crate) fn took(&self, row: &str) {
        self.shared.waiting_bytes.fetch_sub(row.len(), Ordering::Relaxed);
    }
}

impl Hub {
    /// Opens a tail at a time, which counts from any moment.
    ///
    /// # Errors
    /// Returns an error if too many are open, or [`Hub::close`] was called.
    pub fn open(&mut self, filter: Filter, now: Duration) -> Result<Listener, Full> {
        if self.is_closed || self.len() >= MOST_TAILS {
            return Err(Full);
        }
        // Tails with the same filter share it, so that rows are compared once.
        let mut known = self.tails.iter().map(|tail| &tail.filter);
        let filter = match known.find(|known| ***known == filter) {
            Some(known) => Arc::clone(known),
            None => Arc::new(filter),
        };
        let (sender, rows) = mpsc::channel(QUEUE_ROWS - 1);
        let shared = Arc::new(Shared::default());
        self.tails.push(Tail {
            filter,
            rows: sender,
            shared: Arc::clone(&shared),
            allowance: f64::from(RATE),
            at: now,
        });
        Ok(Listener { rows, shared })
    }

    /// Returns the number of open tails.
    pub fn len(&mut self) -> usize {
        self.tails.retain(|tail| !tail.rows.is_closed());
        self.tails.len()
    }

    /// Returns true if no tail is open.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// Returns the different filters of open tails.
    pub fn filters(&mut self) -> Vec<Arc<Filter>> {
        self.len();
        let mut filters: Vec<Arc<Filter>> = Vec::new();
        for Tail { filter, .. } in &self.tails {
            if !filters.contains(filter) {
                filters.push(Arc::clone(filter));
            }
        }
        filters
    }

    /// Hands the rows that were found with a filter to its tails.
    pub fn deliver(&mut self, filter: &Filter, found: &Found, now: Duration) {
        for tail in self.tails.iter_mut().filter(|tail| *tail.filter == *filter) {
            tail.deliver(found, now);
        }
    }

    /// Counts accepted rows of a signal that no filter was compared with.
    pub fn miss(&mut self, signal: Signal, rows: u64) {
        for tail in self.tails.iter().filter(|tail| tail.filter.signal() == signal) {
            tail.shared.unseen.fetch_add(rows, Ordering::Relaxed);
        }
    }

    /// Ends all tails, and opens no others.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.tails.clear();
    }
}

impl Tail {
    fn deliver(&mut self, found: &Found, now: Duration) {
        let since = now.saturating_sub(self.at).as_secs_f64();
        self.at = now;
        self.allowance = (self.allowance + since * f64::from(RATE)).min(RATE.into());
        let mut sent = 0;
        for row in &found.rows {
            let waiting = self.shared.waiting_bytes.load(Ordering::Relaxed);
            if self.allowance < 1.0 || waiting + row.len() > QUEUE_BYTES {
                continue;
            }
            // Before the row is sent: the reader subtracts it at once.
            self.shared.waiting_bytes.fetch_add(row.len(), Ordering::Relaxed);
            if self.rows.try_send(row.clone()).is_err() {
                self.shared.waiting_bytes.fetch_sub(row.len(), Ordering::Relaxed);
                continue;
            }
            self.allowance -= 1.0;
            sent += 1;
        }
        self.shared.matched.fetch_add(found.matched, Ordering::Relaxed);
        self.shared
            .dropped
            .fetch_add(found.matched.saturating_sub(sent), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(q: &str) -> Filter {
        Filter::of_query(&format!("signal=logs&q={q}")).unwrap()
    }

    fn found(rows: usize, row: &str) -> Found {
        Found {
            rows: vec![row.to_owned(); rows],
            matched: rows as u64,
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn read(listener: &mut Listener) -> usize {
        let mut rows = 0;
        while let Ok(row) = listener.rows.try_recv() {
            listener.took(&row);
            rows += 1;
        }
        rows
    }

    #[test]
    fn tails_are_bounded_in_number() {
        let mut hub = Hub::default();
        let mut open: Vec<_> = (0..MOST_TAILS)
            .map(|at| hub.open(filter(&format!("x{at}")), seconds(0)).unwrap())
            .collect();
        assert_eq!(hub.open(filter(""), seconds(0)).unwrap_err(), Full);
        open.pop();
        assert_eq!((hub.len(), hub.filters().len()), (MOST_TAILS - 1, MOST_TAILS - 1));
        open.push(hub.open(filter("x0"), seconds(0)).unwrap());
        assert_eq!((hub.len(), hub.filters().len()), (MOST_TAILS, MOST_TAILS - 1));
        hub.close();
        assert!(hub.is_empty() && hub.open(filter(""), seconds(0)).is_err());
    }

    #[test]
    fn rows_go_to_the_tails_of_their_filter() {
        let mut hub = Hub::default();
        let mut all = hub.open(filter(""), seconds(0)).unwrap();
        let mut some = hub.open(filter("card"), seconds(0)).unwrap();
        hub.deliver(&filter("card"), &found(3, "{}"), seconds(0));
        assert_eq!((read(&mut all), read(&mut some)), (0, 3));
        hub.miss(Signal::Traces, 5);
        hub.miss(Signal::Logs, 7);
        let counts = |matched, dropped, unseen| Counts {
            matched,
            dropped,
            unseen,
        };
        assert_eq!((all.counts(), some.counts()), (counts(0, 0, 7), counts(3, 0, 7)));
    }

    #[test]
    fn a_tail_gets_so_many_rows_a_second_and_the_others_are_counted() {
        let mut hub = Hub::default();
        let mut tail = hub.open(filter(""), seconds(5)).unwrap();
        let rate = RATE as usize;
        // A batch has more rows than are taken out of it.
        let many = Found {
            matched: 10_000,
            ..found(rate, "{}")
        };
        hub.deliver(&filter(""), &many, seconds(5));
        assert_eq!(read(&mut tail), rate);
        assert_eq!(tail.counts().dropped, 10_000 - rate as u64);
        hub.deliver(&filter(""), &found(rate, "{}"), Duration::from_millis(5_500));
        assert_eq!(read(&mut tail), rate / 2);
        hub.deliver(&filter(""), &found(rate, "{}"), seconds(60));
        assert_eq!(read(&mut tail), rate, "a quiet time saves up one second");
    }

    #[test]
    fn a_reader_that_does_not_read_loses_rows() {
        let mut hub = Hub::default();
        let mut tail = hub.open(filter(""), seconds(0)).unwrap();
        let rate = RATE as usize;
        for at in 0..10 {
            hub.deliver(&filter(""), &found(rate, "{}"), seconds(at));
        }
        assert_eq!(read(&mut tail), QUEUE_ROWS);
        assert_eq!(tail.counts().dropped, 10 * u64::from(RATE) - QUEUE_ROWS as u64);
        // Large rows take the bytes before the number.
        let row = "x".repeat(7_000);
        for at in 10..20 {
            hub.deliver(&filter(""), &found(rate, &row), seconds(at));
        }
        assert_eq!(read(&mut tail), QUEUE_BYTES / row.len());
        hub.deliver(&filter(""), &found(1, &row), seconds(20));
        assert_eq!(read(&mut tail), 1, "there is room again");
    }
}
