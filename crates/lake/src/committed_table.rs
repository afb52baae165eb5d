//! The committed state of a table, and the result of an attempt to replace it.

use iceberg::spec::TableMetadata;

use crate::error::Error;

/// A committed state of a table.
#[derive(Clone, Debug)]
pub(crate) struct CommittedTable {
    /// Location of the metadata file.
    pub location: String,
    /// Content of the metadata file.
    pub metadata: TableMetadata,
    /// ETag of this state, if a REST catalog sent one. With it, the catalog does not send an unchanged state again.
    pub etag: Option<String>,
}

/// The result of a commit's compare-and-swap.
pub(crate) enum CommitOutcome {
    /// The new state is committed.
    Committed(Box<CommittedTable>),
    /// Another commit was first. Nothing of the new state is visible.
    Conflict,
    /// The catalog failed during the swap, so the commit may have succeeded.
    Unknown(Error),
}
