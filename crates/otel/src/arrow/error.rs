//! The results of appending a request to a builder.

/// The number of records of a request that became rows, and of those that were rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Number of rows, in order of the request. The first row has the given row id, and each further row the next one.
    pub rows: u64,
    /// Number of invalid records that were left out. The sender gets it as OTLP's partial success.
    pub rejected: u64,
    /// Reason of the rejection, if any record was rejected.
    pub reason: Option<&'static str>,
}

/// The reason that a request was not appended. None of its records were.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendError {
    /// The builder is full: the caller must finish the batch and append again.
    #[error("the batch is full: finish it before appending more")]
    BatchFull,
    /// The request does not fit an empty batch, for example because its resource attributes are repeated for every
    /// record.
    #[error("the request would become {bytes} bytes of columns, more than {max}: send fewer records or smaller resource attributes", max = super::MAX_BATCH_BYTES)]
    RequestTooLarge {
        /// Approximate bytes of the request as columns.
        bytes: usize,
    },
}
