//! The rows that are committed together.

use arrow_array::RecordBatch;

use crate::wal::Checkpoint;

/// All uncommitted rows of the log up to a place in it.
pub struct CommitBatch {
    /// The place up to which the log is covered.
    pub end: Checkpoint,
    /// Rows by table. No batch is empty.
    pub batches: Vec<(&'static str, RecordBatch)>,
    /// Number of times that the log was read again before.
    pub replay: u64,
}
