//! Files that nothing reaches any more once snapshots have expired.
//!
//! History is a line, so a manifest or data file is in an unbroken run of snapshots: it is in some remaining snapshot only if it
//! is in the one before or the one after the expired. The current snapshot is looked at in any case.

use std::collections::{HashMap, HashSet};

use iceberg::io::FileIO;
use iceberg::spec::{ManifestFile, Operation, SnapshotRef, TableMetadata};

use crate::error::Result;
use crate::manifests;

/// Locations of the files that only snapshots reach which are in `before` and not in `after`.
pub(crate) async fn find(
    file_io: &FileIO,
    before: &TableMetadata,
    after: &TableMetadata,
) -> Result<HashSet<String>> {
    let mut lists = Lists {
        file_io,
        metadata: before,
        read: HashMap::new(),
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
        let mut near: HashMap<String, ManifestFile> = HashMap::new();
        for neighbour in previous
            .into_iter()
            .chain(next)
            .copied()
            .chain(after.current_snapshot())
        {
            near.extend(lists.get(neighbour).await?);
        }
        let own = lists.get(expired).await?;
        let only: Vec<&ManifestFile> = own
            .values()
            .filter(|manifest| !near.contains_key(&manifest.manifest_path))
            .collect();

        if files_may_have_left(expired, next.copied(), &snapshots) {
            let mut files = paths(file_io, only.iter().copied()).await?;
            let others = near
                .values()
                .filter(|manifest| !own.contains_key(&manifest.manifest_path));
            for path in paths(file_io, others).await? {
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

async fn paths(file_io: &FileIO, manifests: impl Iterator<Item = &ManifestFile>) -> Result<HashSet<String>> {
    let mut paths = HashSet::new();
    for manifest in manifests {
        let entries = manifests::live_entries(file_io, manifest).await?;
        paths.extend(entries.iter().map(|entry| entry.file_path().to_owned()));
    }
    Ok(paths)
}

/// Manifests by path, of each snapshot that was asked for.
struct Lists<'a> {
    file_io: &'a FileIO,
    metadata: &'a TableMetadata,
    read: HashMap<i64, HashMap<String, ManifestFile>>,
}

impl Lists<'_> {
    async fn get(&mut self, snapshot: &SnapshotRef) -> Result<HashMap<String, ManifestFile>> {
        if let Some(known) = self.read.get(&snapshot.snapshot_id()) {
            return Ok(known.clone());
        }
        let manifests = manifests::list(self.file_io, self.metadata, snapshot.manifest_list()).await?;
        let by_path: HashMap<_, _> = manifests
            .into_iter()
            .map(|manifest| (manifest.manifest_path.clone(), manifest))
            .collect();
        self.read.insert(snapshot.snapshot_id(), by_path.clone());
        Ok(by_path)
    }
}
