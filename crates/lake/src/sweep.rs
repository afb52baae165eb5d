//! Sweeping: files that were written and never committed, because their writer was killed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::commit::millis;
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::{manifests, storage};

/// Ends of the names of files that commits are made of.
const SUFFIXES: [&str; 3] = [".parquet", ".avro", ".metadata.json"];

impl Lake {
    /// Deletes the table's files that no snapshot reaches and that are older than
    /// [`LakeConfig::keep_unreferenced`](crate::LakeConfig::keep_unreferenced); returns how many.
    ///
    /// Younger ones may be of a commit under way: a writer has to commit its files within that time, or write them anew.
    ///
    /// # Errors
    /// When catalog or metadata can't be read: then nothing was deleted.
    pub async fn sweep(&self, table: &str) -> Result<usize> {
        let table = self.table(table)?;
        let bound = (self.config.now_ms)().saturating_sub(millis(self.config.keep_unreferenced));
        let bound = UNIX_EPOCH + Duration::from_millis(u64::try_from(bound).unwrap_or_default());
        let folder = table.folder.clone();
        // Looked for before the catalog is asked: what is committed later is younger than the bound.
        let mut old = tokio::task::spawn_blocking(move || files_before(&folder, bound)).await??;
        if old.is_empty() {
            return Ok(0);
        }
        let reached = self.reached(table.definition.name).await?;
        old.retain(|file| !reached.contains(file));
        for file in &old {
            tracing::info!(file = %file.display(), "deleting a file that was never committed");
        }
        let count = old.len();
        let locations: Vec<String> = old.iter().map(|file| storage::location(file)).collect();
        let delete = move || storage::delete(locations.iter().map(String::as_str));
        tokio::task::spawn_blocking(delete).await?;
        Ok(count)
    }

    /// All files that any snapshot or the log of metadata files names.
    async fn reached(&self, table: &str) -> Result<HashSet<PathBuf>> {
        let head = self.catalog.head(table, None).await?;
        let head = head.ok_or_else(|| Error::UnknownTable(table.to_owned()))?;
        let metadata = &head.metadata;
        let mut reached = HashSet::from([storage::path(&head.location)]);
        reached.extend(
            metadata
                .metadata_log()
                .iter()
                .map(|log| storage::path(&log.metadata_file)),
        );
        for snapshot in metadata.snapshots() {
            reached.insert(storage::path(snapshot.manifest_list()));
            for manifest in manifests::list(&self.file_io, metadata, snapshot.manifest_list()).await? {
                if reached.insert(storage::path(&manifest.manifest_path)) {
                    let entries = manifests::live_entries(&self.file_io, &manifest).await?;
                    reached.extend(entries.iter().map(|entry| storage::path(entry.file_path())));
                }
            }
        }
        Ok(reached)
    }
}

/// The table's files that were last written to before that time.
fn files_before(folder: &Path, bound: SystemTime) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("data"), folder.join("metadata")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let entry = entry.map_err(Error::io(&folder))?;
            let path = entry.path();
            let attributes = match entry.metadata() {
                Ok(attributes) => attributes,
                // Another process deleted it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io(path)(error)),
            };
            let name = entry.file_name();
            let ours = SUFFIXES
                .iter()
                .any(|suffix| name.to_string_lossy().ends_with(suffix));
            if attributes.is_dir() {
                folders.push(path);
            } else if ours && attributes.modified().map_err(Error::io(&path))? < bound {
                found.push(path);
            }
        }
    }
    Ok(found)
}
