//! The progress of the commits, for acknowledgements and `/health`.

use std::collections::BTreeMap;

use lakefront_api::{IngestCommit, IngestFailure};

/// The progress of the commits.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Writer number of this log.
    pub writer: u16,
    /// The last position up to which everything is committed.
    pub position: u64,
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
            failing: false,
            last_commit: BTreeMap::new(),
            last_error: None,
        }
    }
}
