//! Chooses the snapshots that a table keeps: the last hundred, one an hour for a week, and those before a recent
//! compaction.
//!
//! A snapshot before a compaction is kept as long as the replaced files must stay on disk. The numbers are defaults of
//! [`LakeConfig`].

use std::collections::{HashMap, HashSet};

use iceberg::spec::{
    MAIN_BRANCH, Snapshot, SnapshotReference, SnapshotRetention, TableMetadata, TableMetadataBuilder,
};
use serde::Deserialize;

use crate::config::LakeConfig;
use crate::error::Result;
use crate::time::{HOUR_MS, millis};

/// Snapshots expire with every commit whose sequence number is a multiple of this. Finding them at every commit costs
/// too much.
const BATCH: i64 = 16;

/// The changes of one commit to the tags and snapshots of a table.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Retention {
    /// Tags to set.
    pub tag: Vec<(String, SnapshotReference)>,
    /// Names of tags that have expired.
    pub untag: Vec<String>,
    /// Ids of snapshots to expire.
    pub expire: Vec<i64>,
}

/// The choice of snapshots that expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eagerness {
    /// Only once a batch is due. Commits use this.
    Batches,
    /// All that are due now.
    All,
}

impl Retention {
    /// Returns the changes that are due at `now_ms` (milliseconds since 1970 UTC).
    pub(crate) fn plan(
        metadata: &TableMetadata,
        config: &LakeConfig,
        now_ms: i64,
        eagerness: Eagerness,
    ) -> Result<Self> {
        let mut plan = Self::default();
        plan.tag.extend(hourly(metadata, config, now_ms));
        let due = metadata.snapshots().len() > config.keep_snapshots
            && metadata.last_sequence_number() % BATCH == 0;
        if eagerness == Eagerness::Batches && !due {
            return Ok(plan);
        }

        let mut kept: HashSet<i64> = plan.tag.iter().map(|(_, tag)| tag.snapshot_id).collect();
        for (name, reference) in references(metadata)? {
            if is_expired(metadata, &reference, now_ms) {
                plan.untag.push(name);
            } else {
                kept.insert(reference.snapshot_id);
            }
        }
        let mut by_age: Vec<_> = metadata.snapshots().collect();
        by_age.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.sequence_number()));
        plan.expire = by_age
            .iter()
            .skip(config.keep_snapshots)
            .map(|snapshot| snapshot.snapshot_id())
            .filter(|id| !kept.contains(id))
            .collect();
        Ok(plan)
    }

    /// Keeps the current snapshot for as long as the files that the next one takes out must stay on disk.
    pub(crate) fn keep_replaced(&mut self, metadata: &TableMetadata, config: &LakeConfig, now_ms: i64) {
        if let Some(current) = metadata.current_snapshot() {
            // The age of a tag counts from its snapshot, which may be old already.
            let age = now_ms.saturating_sub(committed_ms(current)).max(0);
            let name = tag_of_replaced(current.sequence_number());
            self.tag.push((
                name,
                tag(current.snapshot_id(), age + millis(config.keep_replaced)),
            ));
        }
    }

    /// Returns true if there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the changes to the table metadata of a commit.
    pub(crate) fn apply(&self, mut builder: TableMetadataBuilder) -> Result<TableMetadataBuilder> {
        for (name, reference) in &self.tag {
            builder = builder.set_ref(name, reference.clone())?;
        }
        for name in &self.untag {
            builder = builder.remove_ref(name);
        }
        Ok(builder.remove_snapshots(&self.expire))
    }
}

/// Returns a tag for the current snapshot if it is the last one of its hour, which is so once that hour is over.
fn hourly(metadata: &TableMetadata, config: &LakeConfig, now_ms: i64) -> Option<(String, SnapshotReference)> {
    let current = metadata.current_snapshot()?;
    let committed_ms = committed_ms(current);
    let hour = committed_ms.div_euclid(HOUR_MS);
    let keep = millis(config.keep_hourly);
    if hour >= now_ms.div_euclid(HOUR_MS) || now_ms - committed_ms > keep {
        return None;
    }
    let time = jiff::Timestamp::from_millisecond(hour * HOUR_MS).ok()?;
    let name = time.strftime("hour-%Y-%m-%dT%H").to_string();
    metadata
        .snapshot_for_ref(&name)
        .is_none()
        .then(|| (name, tag(current.snapshot_id(), keep)))
}

/// Property of snapshots that are dated ahead of their writer's clock: the time by that clock, in milliseconds.
const COMMITTED_AT: &str = "lakefront.committed-at";

/// Returns that property.
pub(crate) fn committed_at(now_ms: i64) -> (String, String) {
    (COMMITTED_AT.to_owned(), now_ms.to_string())
}

/// Returns the time at which a snapshot was committed, by its writer's clock.
///
/// The timestamp of a snapshot may not be before that of the last one, so that it is ahead after a wrong clock.
pub(crate) fn committed_ms(snapshot: &Snapshot) -> i64 {
    let properties = &snapshot.summary().additional_properties;
    let own = properties.get(COMMITTED_AT).and_then(|time| time.parse().ok());
    own.unwrap_or_else(|| snapshot.timestamp_ms())
}

/// Returns the name of the tag that keeps a snapshot from before a compaction.
pub(crate) fn tag_of_replaced(sequence_number: i64) -> String {
    format!("replaced-{sequence_number}")
}

/// Returns true if commits of this crate set and remove the tag of that name.
pub(crate) fn is_own(tag: &str) -> bool {
    tag.starts_with("hour-") || tag.starts_with("replaced-")
}

/// Returns a tag that expires `max_ref_age_ms` milliseconds after its snapshot was made.
fn tag(snapshot_id: i64, max_ref_age_ms: i64) -> SnapshotReference {
    let retention = SnapshotRetention::Tag {
        max_ref_age_ms: Some(max_ref_age_ms),
    };
    SnapshotReference::new(snapshot_id, retention)
}

/// Returns true if the tag has expired, or its snapshot is gone.
fn is_expired(metadata: &TableMetadata, reference: &SnapshotReference, now_ms: i64) -> bool {
    let SnapshotRetention::Tag {
        max_ref_age_ms: Some(max_age),
    } = reference.retention
    else {
        return false;
    };
    let snapshot = metadata.snapshot_by_id(reference.snapshot_id);
    snapshot.is_none_or(|snapshot| now_ms - committed_ms(snapshot) > max_age)
}

/// Returns all references except the main branch. The iceberg crate exposes them only in the JSON.
pub(crate) fn references(metadata: &TableMetadata) -> Result<HashMap<String, SnapshotReference>> {
    #[derive(Deserialize)]
    struct References {
        #[serde(default)]
        refs: HashMap<String, SnapshotReference>,
    }
    let mut refs = serde_json::from_slice::<References>(&serde_json::to_vec(metadata)?)?.refs;
    refs.remove(MAIN_BRANCH);
    Ok(refs)
}
