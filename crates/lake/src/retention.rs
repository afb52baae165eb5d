//! Which snapshots a table remembers: the last hundred, one an hour for a week, and those that still have files which a
//! compaction took out of the current one.

use std::collections::{HashMap, HashSet};

use iceberg::spec::{MAIN_BRANCH, SnapshotReference, SnapshotRetention, TableMetadata, TableMetadataBuilder};
use serde::Deserialize;

use crate::commit::millis;
use crate::config::LakeConfig;
use crate::error::Result;

const HOUR_MS: i64 = 3_600_000;
/// Snapshots expire with every so manieth commit: finding them costs more than a commit should.
const BATCH: i64 = 16;

/// What a commit changes in the table's memory.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Retention {
    /// Tags to set.
    pub tag: Vec<(String, SnapshotReference)>,
    /// Tags that ran out.
    pub untag: Vec<String>,
    /// Snapshots that nothing keeps.
    pub expire: Vec<i64>,
}

/// How eagerly snapshots expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eagerness {
    /// With a commit: once a batch is due.
    Batches,
    /// All that are due.
    All,
}

impl Retention {
    /// What is due at that time, for a table that is about to get another snapshot (or none).
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
            if has_run_out(metadata, &reference, now_ms) {
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
            // A tag's age counts from its snapshot, which may be old already.
            let age = now_ms.saturating_sub(current.timestamp_ms()).max(0);
            let name = format!("replaced-{}", current.sequence_number());
            self.tag.push((
                name,
                tag(current.snapshot_id(), age + millis(config.keep_replaced)),
            ));
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes it part of a commit.
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

/// The current snapshot is the last of its hour if that hour is over.
fn hourly(metadata: &TableMetadata, config: &LakeConfig, now_ms: i64) -> Option<(String, SnapshotReference)> {
    let current = metadata.current_snapshot()?;
    let hour = current.timestamp_ms().div_euclid(HOUR_MS);
    let keep = millis(config.keep_hourly);
    if hour >= now_ms.div_euclid(HOUR_MS) || now_ms - current.timestamp_ms() > keep {
        return None;
    }
    let time = jiff::Timestamp::from_millisecond(hour * HOUR_MS).ok()?;
    let name = time.strftime("hour-%Y-%m-%dT%H").to_string();
    metadata
        .snapshot_for_ref(&name)
        .is_none()
        .then(|| (name, tag(current.snapshot_id(), keep)))
}

fn tag(snapshot_id: i64, max_ref_age_ms: i64) -> SnapshotReference {
    let retention = SnapshotRetention::Tag {
        max_ref_age_ms: Some(max_ref_age_ms),
    };
    SnapshotReference::new(snapshot_id, retention)
}

fn has_run_out(metadata: &TableMetadata, reference: &SnapshotReference, now_ms: i64) -> bool {
    let SnapshotRetention::Tag {
        max_ref_age_ms: Some(max_age),
    } = reference.retention
    else {
        return false;
    };
    let snapshot = metadata.snapshot_by_id(reference.snapshot_id);
    snapshot.is_none_or(|snapshot| now_ms - snapshot.timestamp_ms() > max_age)
}

/// All references but the main branch. The iceberg crate shows them in the JSON only.
fn references(metadata: &TableMetadata) -> Result<HashMap<String, SnapshotReference>> {
    #[derive(Deserialize)]
    struct References {
        #[serde(default)]
        refs: HashMap<String, SnapshotReference>,
    }
    let mut refs = serde_json::from_slice::<References>(&serde_json::to_vec(metadata)?)?.refs;
    refs.remove(MAIN_BRANCH);
    Ok(refs)
}
