//! What became of a request.

/// How many records became rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Rows, in order of the request: the first has the row id that was given, each further one the next.
    pub rows: u64,
    /// Records left out because they are invalid; the sender is told (OTLP's partial success).
    pub rejected: u64,
    /// Why, when some were.
    pub reason: Option<&'static str>,
}

/// Why a request was not appended. Nothing of it was.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendError {
    /// The builder holds as much as it may: finish the batch and append again.
    #[error("the batch is full: finish it before appending more")]
    BatchFull,
    /// The request does not fit an empty batch: its resource or scope attributes are repeated for every record.
    #[error("the request would become {bytes} bytes of columns, more than {max}: send fewer records or smaller resource attributes", max = super::MAX_BATCH_BYTES)]
    RequestTooLarge {
        /// Bytes of its columns, roughly.
        bytes: usize,
    },
}
