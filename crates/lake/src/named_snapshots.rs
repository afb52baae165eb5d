//! Lists the snapshots that have a name.

use iceberg::spec::TableMetadata;
use jiff::Timestamp;

use crate::error::Result;
use crate::retention::{committed_ms, references};

/// A state of a table that has a name. A query reads it by [`NamedSnapshot::id`], or by a time from
/// [`NamedSnapshot::committed`] until the next state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSnapshot {
    /// The name: `hour-2026-03-24T09` for the last state of an hour of UTC, `replaced-<sequence number>` for a state from
    /// before a compaction, or a name that another program gave.
    pub name: String,
    /// The id of the snapshot.
    pub id: i64,
    /// When the snapshot was committed.
    pub committed: Timestamp,
    /// The rows of the table in this state, if its writer counted them.
    pub rows: Option<u64>,
}

/// Returns the named snapshots, oldest first. A name whose snapshot is gone is left out.
pub(crate) fn of(metadata: &TableMetadata) -> Result<Vec<NamedSnapshot>> {
    let names = references(metadata)?.into_iter();
    let mut named: Vec<_> = names
        .filter_map(|(name, reference)| {
            let snapshot = metadata.snapshot_by_id(reference.snapshot_id)?;
            let rows = snapshot.summary().additional_properties.get("total-records");
            Some(NamedSnapshot {
                name,
                id: reference.snapshot_id,
                committed: Timestamp::from_millisecond(committed_ms(snapshot)).ok()?,
                rows: rows.and_then(|rows| rows.parse().ok()),
            })
        })
        .collect();
    named.sort_by(|one, other| (one.committed, &one.name).cmp(&(other.committed, &other.name)));
    Ok(named)
}
