//! The tables that take no rows until somebody renames a column, while the others go on.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::commit::BACKOFF;

/// The tables that take no rows, because a column of theirs has another type.
///
/// Their rows stay in the log, which is kept from the first of them on. Once a table takes rows, the log is read again
/// from there. The other tables have the rows that come by again.
pub struct Held {
    /// The reason, by table.
    pub tables: BTreeMap<&'static str, String>,
    /// Number of times that the log was ordered to be read again.
    pub replay: u64,
    /// True until the first batch that was read again.
    replaying: bool,
    check: Instant,
    wait: Duration,
}

impl Held {
    /// Returns the state without held tables.
    pub fn new() -> Self {
        Self {
            tables: BTreeMap::new(),
            replay: 0,
            replaying: false,
            check: Instant::now(),
            wait: BACKOFF.0,
        }
    }

    /// Holds tables, with the reason. The first check follows soon.
    pub fn add(&mut self, tables: impl IntoIterator<Item = (&'static str, String)>) {
        for (table, reason) in tables {
            self.wait = BACKOFF.0;
            self.check = Instant::now() + self.wait;
            self.tables.insert(table, reason);
        }
    }

    /// Returns the time until the held tables have to be checked, or `None` if nothing has to be.
    pub fn until_check(&self) -> Option<Duration> {
        let checks = !self.tables.is_empty() && !self.replaying;
        checks.then(|| self.check.saturating_duration_since(Instant::now()))
    }

    /// Sets the time of the next check.
    pub fn checked(&mut self) {
        self.wait = (self.wait * 2).min(BACKOFF.1);
        self.check = Instant::now() + self.wait;
    }

    /// Records that the log is read again.
    pub fn replay(&mut self) {
        self.replay += 1;
        self.replaying = true;
    }

    /// Returns true if a batch is to be committed. Holds no table any more if the batch is the first that was read again.
    ///
    /// A batch that was built before the log is read again comes by once more.
    pub fn takes(&mut self, replay: u64) -> bool {
        if replay != self.replay {
            return false;
        }
        if std::mem::take(&mut self.replaying) {
            self.tables.clear();
        }
        true
    }
}
