//! Files that nothing reaches any more once snapshots have expired.
//!
//! History is a line, so a manifest or data file is in an unbroken run of snapshots: it is in some remaining snapshot only if it
//! is in the one before or the one after the expired. The current snapshot is looked at in any case.

use std::collections::{HashMap, HashSet};

use iceberg::io::FileIO;
use iceberg::spec::{ManifestFile, Operation, SnapshotRef, TableMetadata};

use crate::error::Result;
use crate::manifests;
use crate::table::OpenTable;

/// Locations of the files that only snapshots reach which are in `before` and not in `after`.
pub(crate) async fn find(
    table: &OpenTable,
    before: &TableMetadata,
    after: &TableMetadata,
) -> Result<HashSet<String>> {
    let file_io = table.storage.file_io();
    let list = async |snapshot: &SnapshotRef| {
        let known = &table.lists;
        known.get(file_io, before, snapshot.manifest_list()).await
    };
    let mut snapshots: Vec<&SnapshotRef> = before.snapshots().collect();
    snapshots.sort_by_key(|snapshot| snapshot.sequence_number());
    let remains = |snapshot: &&&SnapshotRef| after.snapshot_by_id(snapshot.snapshot_id()).is_some();

    let mut garbage = HashSet::new();
    for (place, expired) in snapshots.iter().enumerate() {
        if remains(&expired) {
            continue;
        }
        let previous = snapshots[..place].iter().rfind(remains);
        let next = snapshots[place..].iter().find(remains);
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

        if files_may_have_left(expired, next.copied(), &snapshots) {
            let mut files = paths(file_io, only.iter().copied()).await?;
            let others = near
                .values()
                .filter(|manifest| !own.contains_key(manifest.manifest_path.as_str()));
            for path in paths(file_io, others.copied()).await? {
                files.remove(&path);
            }
            garbage.extend(files);
        }
        garbage.extend(only.into_iter().map(|manifest| manifest.manifest_path.clone()));
        garbage.insert(expired.manifest_list().to_owned());
    }
    Ok(garbage)
}

/// Appends take nothing out: only if something else came between the two do their files have to be compared.
fn files_may_have_left(
    expired: &SnapshotRef,
    next: Option<&SnapshotRef>,
    snapshots: &[&SnapshotRef],
) -> bool {
    let Some(next) = next else { return true };
    let range = expired.sequence_number() + 1..=next.sequence_number();
    let appends = snapshots
        .iter()
        .filter(|snapshot| range.contains(&snapshot.sequence_number()))
        .filter(|snapshot| snapshot.summary().operation == Operation::Append);
    appends.count() as i64 != next.sequence_number() - expired.sequence_number()
}

fn by_path<'a>(manifests: impl Iterator<Item = &'a ManifestFile>) -> HashMap<&'a str, &'a ManifestFile> {
    manifests
        .map(|manifest| (manifest.manifest_path.as_str(), manifest))
        .collect()
}

async fn paths<'a>(
    file_io: &FileIO,
    manifests: impl Iterator<Item = &'a ManifestFile>,
) -> Result<HashSet<String>> {
    let mut paths = HashSet::new();
    for manifest in manifests {
        let entries = manifests::live_entries(file_io, manifest).await?;
        paths.extend(entries.iter().map(|entry| entry.file_path().to_owned()));
    }
    Ok(paths)
}
