//! The progress of the commits, for acknowledgements and `/health`.

use std::collections::{BTreeMap, BTreeSet};

use lakefront_api::{IngestCommit, IngestFailure};
use lakefront_otel::{LOGS, TRACES, decode::Signal};

/// The progress of the commits.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Writer number of this log.
    pub writer: u16,
    /// The last position up to which everything is committed, except rows of held tables.
    pub position: u64,
    /// Tables whose rows wait in the log until a column of theirs is renamed.
    pub held: BTreeSet<&'static str>,
    /// True if the latest attempt to commit failed.
    pub failing: bool,
    /// The last commit of each table since the start.
    pub last_commit: BTreeMap<String, IngestCommit>,
    /// The last failure since the start.
    pub last_error: Option<IngestFailure>,
}

impl Progress {
    /// Returns the progress at the start of the program.
    pub fn new(writer: u16, position: u64) -> Self {
        Self {
            writer,
            position,
            held: BTreeSet::new(),
            failing: false,
            last_commit: BTreeMap::new(),
            last_error: None,
        }
    }

    /// Returns true if the lake contains the rows of a signal up to a position.
    pub fn is_committed(&self, signal: Signal, position: u64) -> bool {
        let mut held = self.held.iter();
        let waits = match signal {
            Signal::Logs => held.any(|table| *table == LOGS),
            Signal::Traces => held.any(|table| *table == TRACES),
            Signal::Metrics => held.any(|table| ![LOGS, TRACES].contains(table)),
        };
        !waits && self.position >= position
    }
}
