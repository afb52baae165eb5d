//! What is committed together.

use arrow_array::RecordBatch;

use crate::wal::Released;

/// All rows of the log up to a place in it that are not yet committed.
pub struct Cut {
    /// The place.
    pub end: Released,
    /// Rows by table; none is empty.
    pub batches: Vec<(&'static str, RecordBatch)>,
}
