//! Finds and deletes the files that no snapshot reaches after snapshots have expired.
//!
//! History is linear, so a manifest or data file is in an unbroken run of snapshots. It is in a remaining snapshot only
//! if it is in the one before or the one after the expired. The current snapshot is compared as well in any case.

use std::collections::{HashMap, HashSet};

use iceberg::spec::{ManifestFile, Snapshot, SnapshotRef, TableMetadata};

use crate::error::Result;
use crate::table::OpenTable;

/// Deletes the files that no snapshot reaches after a commit, and returns their number. Errors are only logged, since
/// the commit succeeded.
pub(crate) async fn delete(table: &OpenTable, before: &TableMetadata, after: &TableMetadata) -> usize {
    let unreachable = match find(table, before, after).await {
        Ok(unreachable) => unreachable,
        Err(error) => {
            tracing::warn!(table = table.definition.name, %error, "files of expired snapshots stay on disk");
            return 0;
        }
    };
    let count = unreachable.len();
    table.storage.delete(unreachable.into_iter().collect()).await;
    count
}

/// Returns the locations of the files that only expired snapshots reach: those that are in `before` and not in `after`.
async fn find(table: &OpenTable, before: &TableMetadata, after: &TableMetadata) -> Result<HashSet<String>> {
    let file_io = table.storage.file_io();
    let list = async |snapshot: &SnapshotRef| {
        let cache = &table.lists;
        cache.get(file_io, before, snapshot.manifest_list()).await
    };
    let mut snapshots: Vec<&SnapshotRef> = before.snapshots().collect();
    snapshots.sort_by_key(|snapshot| snapshot.sequence_number());
    let remains = |snapshot: &&&SnapshotRef| after.snapshot_by_id(snapshot.snapshot_id()).is_some();

    let mut unreachable = HashSet::new();
    for (index, expired) in snapshots.iter().enumerate() {
        if remains(&expired) {
            continue;
        }
        let previous = snapshots[..index].iter().rfind(remains);
        let next = snapshots[index..].iter().find(remains);
        let mut neighbours = Vec::new();
        for neighbour in previous
            .into_iter()
            .chain(next)
            .copied()
            .chain(after.current_snapshot())
        {
            neighbours.push(list(neighbour).await?);
        }
        let near = by_path(neighbours.iter().flat_map(|manifests| manifests.iter()));
        let manifests = list(expired).await?;
        let own = by_path(manifests.iter());
        let only: Vec<&ManifestFile> = own
            .values()
            .filter(|manifest| !near.contains_key(manifest.manifest_path.as_str()))
            .copied()
            .collect();

        if files_may_have_left(expired, next.map(|next| next.as_ref())) {
            let mut files = paths(table, only.iter().copied()).await?;
            let others = near
                .values()
                .filter(|manifest| !own.contains_key(manifest.manifest_path.as_str()));
            for path in paths(table, others.copied()).await? {
                files.remove(&path);
            }
            unreachable.extend(files);
        }
        unreachable.extend(only.into_iter().map(|manifest| manifest.manifest_path.clone()));
        unreachable.insert(expired.manifest_list().to_owned());
    }
    Ok(unreachable)
}

/// Property of snapshots written here: the sequence number of the latest commit, up to this one, that removed files.
const LAST_REMOVAL: &str = "lakefront.last-removal";

/// Returns that property for the snapshot after `parent`. `own` is the new sequence number if the snapshot removes
/// files.
pub(crate) fn last_removal(parent: Option<&SnapshotRef>, own: Option<i64>) -> (String, String) {
    // A parent without the property was written by another writer, which may have removed files.
    let of_parent =
        || parent.map(|parent| removal_before(parent).unwrap_or_else(|| parent.sequence_number()));
    let last = own.or_else(of_parent).unwrap_or_default();
    (LAST_REMOVAL.to_owned(), last.to_string())
}

/// Returns the property's value in a snapshot, or `None` if another writer made the snapshot.
fn removal_before(snapshot: &Snapshot) -> Option<i64> {
    let properties = &snapshot.summary().additional_properties;
    properties.get(LAST_REMOVAL)?.parse().ok()
}

/// Returns true if this crate made the snapshot.
pub(crate) fn is_ours(snapshot: &Snapshot) -> bool {
    removal_before(snapshot).is_some()
}

/// Returns true if `expired` may have files that are not in `next`. If not, no manifest has to be opened.
fn files_may_have_left(expired: &Snapshot, next: Option<&Snapshot>) -> bool {
    let removal = next.and_then(removal_before);
    removal.is_none_or(|removal| removal > expired.sequence_number())
}

/// Returns the manifests by path.
fn by_path<'a>(manifests: impl Iterator<Item = &'a ManifestFile>) -> HashMap<&'a str, &'a ManifestFile> {
    manifests
        .map(|manifest| (manifest.manifest_path.as_str(), manifest))
        .collect()
}

/// Returns the paths of the data files in the manifests.
async fn paths<'a>(
    table: &OpenTable,
    manifests: impl Iterator<Item = &'a ManifestFile>,
) -> Result<HashSet<String>> {
    let mut paths = HashSet::new();
    for manifest in manifests {
        let entries = table.entries.get(table.storage.file_io(), manifest).await?;
        paths.extend(entries.iter().map(|entry| entry.file_path().to_owned()));
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use iceberg::spec::{Operation, Summary};

    use super::*;

    fn snapshot(sequence_number: i64, properties: impl IntoIterator<Item = (String, String)>) -> SnapshotRef {
        let summary = Summary {
            operation: Operation::Append,
            additional_properties: properties.into_iter().collect(),
        };
        Snapshot::builder()
            .with_snapshot_id(sequence_number)
            .with_sequence_number(sequence_number)
            .with_timestamp_ms(0)
            .with_manifest_list("")
            .with_summary(summary)
            .with_schema_id(0)
            .build()
            .into()
    }

    /// Plays five commits, of which one removes files or is another writer's.
    #[test]
    fn the_last_snapshot_shows_which_older_ones_lost_no_file() {
        for (removes, foreign) in [(0, 0), (3, 0), (0, 3), (2, 4), (5, 0), (0, 5)] {
            let mut history: Vec<SnapshotRef> = Vec::new();
            for number in 1..=5 {
                let own = (number == removes).then_some(number);
                let property = (number != foreign).then(|| last_removal(history.last(), own));
                history.push(snapshot(number, property));
            }
            let last = history[4].as_ref();
            let since: Vec<i64> = history[..4]
                .iter()
                .filter(|expired| !files_may_have_left(expired, Some(last)))
                .map(|expired| expired.sequence_number())
                .collect();
            let expected: Vec<i64> = (1..5).filter(|number| *number >= removes.max(foreign)).collect();
            assert_eq!(
                since, expected,
                "{removes} removes, {foreign} is another writer's"
            );
        }
        assert!(files_may_have_left(&snapshot(1, None), None));
    }
}
