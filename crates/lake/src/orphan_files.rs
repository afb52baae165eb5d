//! Orphan files, which a killed writer wrote and never committed: finding and deleting them.

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::time::millis;
use crate::{location, manifest_list, manifests};

/// Suffixes of the files that a commit consists of. All other files stay.
const SUFFIXES: [&str; 3] = [".parquet", ".avro", ".metadata.json"];

/// Deletes the table's orphan files and returns their number; see
/// [`Lake::remove_orphan_files`](crate::Lake::remove_orphan_files).
pub(crate) async fn remove(table: &OpenTable) -> Result<usize> {
    let orphans = find(table).await?;
    for file in &orphans {
        tracing::info!(file, "deleting a file that was never committed");
    }
    let count = orphans.len();
    table.storage.delete(orphans).await;
    Ok(count)
}

/// Returns the locations of the table's orphan files; see [`Lake::orphan_files`](crate::Lake::orphan_files).
pub(crate) async fn find(table: &OpenTable) -> Result<Vec<String>> {
    let bound = (table.config.now_ms)().saturating_sub(millis(table.config.keep_unreferenced));
    let bound = UNIX_EPOCH + Duration::from_millis(u64::try_from(bound).unwrap_or_default());
    // The files are listed before the catalog is read: a file that is committed in between is younger than the
    // bound.
    let mut old = Vec::new();
    for folder in ["data", "metadata"] {
        let folder = format!("{}/{folder}", table.location);
        old.extend(table.storage.files_before(&folder, bound).await?);
    }
    old.retain(|file| SUFFIXES.iter().any(|suffix| file.ends_with(suffix)));
    if old.is_empty() {
        return Ok(old);
    }
    if table.catalog.has_other_references().await? {
        tracing::info!(
            table = table.definition.name,
            "the catalog has other branches or tags, whose files look like orphan files: none is deleted"
        );
        return Ok(Vec::new());
    }
    let reached = reached(table).await?;
    old.retain(|file| !reached.contains(location::key(file)));
    Ok(old)
}

/// Returns the keys ([`location::key`]) of all files that the metadata, its log of metadata files, or any snapshot
/// names.
async fn reached(table: &OpenTable) -> Result<HashSet<String>> {
    let file_io = table.storage.file_io();
    let key = |location: &str| location::key(location).to_owned();
    let name = table.definition.name;
    let committed = table.catalog.committed(name, None).await?;
    let committed = committed.ok_or_else(|| Error::UnknownTable(name.to_owned()))?;
    let metadata = &committed.metadata;
    let mut reached = HashSet::from([key(&committed.location)]);
    reached.extend(metadata.metadata_log().iter().map(|log| key(&log.metadata_file)));
    for snapshot in metadata.snapshots() {
        reached.insert(key(snapshot.manifest_list()));
        for manifest in manifest_list::read(file_io, metadata, snapshot.manifest_list()).await? {
            if reached.insert(key(&manifest.manifest_path)) {
                let entries = manifests::live_entries(file_io, &manifest).await?;
                reached.extend(entries.iter().map(|entry| key(entry.file_path())));
            }
        }
    }
    Ok(reached)
}
