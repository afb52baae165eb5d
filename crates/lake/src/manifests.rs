//! Reads manifests, and merges them for a new snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile, ManifestContentType, ManifestEntry, ManifestEntryRef, ManifestFile, ManifestStatus,
    ManifestWriter, ManifestWriterBuilder, TableMetadata,
};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::fifo_cache::FifoCache;
use crate::lake_file::day;
use crate::manifest_merge::{self, ManifestStats};

/// Number of manifests whose entries are cached: more than a table has, see [`manifest_merge`].
const CAPACITY: usize = 16;
/// Largest number of entries of a cached manifest. A larger manifest is rarely merged, so it is not worth its memory.
const MAX_CACHED_ENTRIES: usize = manifest_merge::ONE_MANIFEST;

/// The files that a commit adds to and removes from a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files<'a> {
    /// Files to add.
    pub added: &'a [DataFile],
    /// Files to remove: path, and day since 1970-01-01 UTC.
    pub removed: &'a HashMap<String, i32>,
    /// True if the added files have the rows of the removed ones. They get their highest data sequence number then.
    pub same_rows: bool,
}

/// The snapshot that manifests are written for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// Metadata of the table before the commit.
    pub metadata: &'a TableMetadata,
    /// Id of the new snapshot.
    pub snapshot_id: i64,
    /// The current day, in days since 1970-01-01 UTC.
    pub today: i32,
}

/// The manifests of the new snapshot, and the entries of the removed files.
#[derive(Debug, Default)]
pub(crate) struct MergedManifests {
    /// All manifests of the snapshot.
    pub manifests: Vec<ManifestFile>,
    /// Entries of the removed files, with their sequence numbers.
    pub removed: Vec<ManifestEntryRef>,
}

/// Reads a manifest and returns its live entries, which are those that are not marked as deleted.
pub(crate) async fn live_entries(file_io: &FileIO, manifest: &ManifestFile) -> Result<Vec<ManifestEntryRef>> {
    let (entries, _) = manifest.load_manifest(file_io).await?.into_parts();
    Ok(entries.into_iter().filter(|entry| entry.is_alive()).collect())
}

/// A cache of the live entries of small manifests that were read or written last. Commits write manifests that later
/// commits merge.
#[derive(Debug, Default)]
pub(crate) struct ManifestEntryCache(FifoCache<ManifestEntryRef, CAPACITY>);

impl ManifestEntryCache {
    /// Returns the live entries of a manifest. Reads it if it is not in the cache.
    pub(crate) async fn get(
        &self,
        file_io: &FileIO,
        manifest: &ManifestFile,
    ) -> Result<Arc<[ManifestEntryRef]>> {
        if let Some(entries) = self.0.get(&manifest.manifest_path) {
            return Ok(entries);
        }
        let entries: Arc<[_]> = live_entries(file_io, manifest).await?.into();
        if entries.len() <= MAX_CACHED_ENTRIES {
            self.0.insert(&manifest.manifest_path, &entries);
        }
        Ok(entries)
    }

    /// Returns the live entries of a manifest. Reads it if it is not in the cache, and does not add it: a reader of all
    /// files must not push out the manifests that commits need.
    pub(crate) async fn get_once(
        &self,
        file_io: &FileIO,
        manifest: &ManifestFile,
    ) -> Result<Arc<[ManifestEntryRef]>> {
        match self.0.get(&manifest.manifest_path) {
            Some(entries) => Ok(entries),
            None => Ok(live_entries(file_io, manifest).await?.into()),
        }
    }
}

/// Writes the manifests of a snapshot that changes `files`, and keeps those of `current` that need no rewrite.
///
/// Adds the location of each new manifest to `locations` before the manifest is written.
pub(crate) async fn merge_manifests(
    file_io: &FileIO,
    cache: &ManifestEntryCache,
    target: Target<'_>,
    current: &[ManifestFile],
    files: Files<'_>,
    locations: &mut Vec<String>,
) -> Result<MergedManifests> {
    // Manifests of other writers (delete files, another partition spec) are kept unchanged.
    let (ours, foreign): (Vec<&ManifestFile>, Vec<&ManifestFile>) = current.iter().partition(|manifest| {
        manifest.content == ManifestContentType::Data
            && manifest.partition_spec_id == target.metadata.default_partition_spec_id()
    });
    let stats: Vec<ManifestStats> = ours.iter().map(|manifest| stats(manifest)).collect();
    let mut rewrite = manifest_merge::plan(&stats, files.added.len(), target.today);
    let mut entries = Vec::new();
    let mut removed = Vec::new();
    for (index, manifest) in ours.iter().enumerate() {
        let planned = rewrite.contains(&index);
        // Manifests of other days are not opened.
        if !planned && !files.removed.values().any(|day| may_hold(manifest, *day)) {
            continue;
        }
        let (gone, stay): (Vec<_>, Vec<_>) = cache
            .get(file_io, manifest)
            .await?
            .iter()
            .cloned()
            .partition(|entry| files.removed.contains_key(entry.file_path()));
        if planned || !gone.is_empty() {
            entries.extend(stay);
            removed.extend(gone);
            if !planned {
                rewrite.push(index);
            }
        }
    }

    let mut outputs = [Group::default(), Group::default()];
    // Without a merge, all new files go into one manifest, so that a commit writes one.
    let split = !rewrite.is_empty();
    let group_of = |file: &DataFile| {
        usize::from(split && manifest_merge::is_closed(day(file.partition()), target.today))
    };
    for entry in entries {
        outputs[group_of(entry.data_file())].existing.push(entry);
    }
    for file in files.added {
        outputs[group_of(file)].added.push(file);
    }

    let mut manifests: Vec<ManifestFile> = foreign.into_iter().cloned().collect();
    for (index, manifest) in ours.into_iter().enumerate() {
        // A manifest without live files only lists what one past commit removed.
        if !rewrite.contains(&index) && stats[index].files > 0 {
            manifests.push(manifest.clone());
        }
    }
    let of_removed = || removed.iter().filter_map(|entry| entry.sequence_number()).max();
    let added_sequence = files.same_rows.then(of_removed).flatten();
    let mut written = Vec::new();
    for group in outputs.iter().filter(|group| group.len() > 0) {
        let mut writer = writer(file_io, target, locations)?;
        group.write(&mut writer, added_sequence)?;
        let manifest = writer.write_manifest_file().await?;
        if group.len() <= MAX_CACHED_ENTRIES {
            let entries = group.entries(target, added_sequence);
            cache.0.insert(&manifest.manifest_path, &entries);
        }
        written.push(manifest);
    }
    if !removed.is_empty() {
        written.push(write_removed(file_io, target, &removed, locations).await?);
    }
    manifests.extend(written);
    Ok(MergedManifests { manifests, removed })
}

/// The files of one manifest to write.
#[derive(Debug, Default)]
struct Group<'a> {
    existing: Vec<ManifestEntryRef>,
    added: Vec<&'a DataFile>,
}

impl Group<'_> {
    fn len(&self) -> usize {
        self.existing.len() + self.added.len()
    }

    fn write(&self, writer: &mut ManifestWriter, added_sequence: Option<i64>) -> Result<()> {
        // A negative sequence number makes readers inherit the snapshot's own.
        let sequence = added_sequence.unwrap_or(-1);
        for file in &self.added {
            writer.add_file(DataFile::clone(file), sequence)?;
        }
        for entry in &self.existing {
            let numbers = numbers(entry)?;
            writer.add_existing_file(
                entry.data_file().clone(),
                numbers.snapshot,
                numbers.data,
                Some(numbers.file),
            )?;
        }
        Ok(())
    }

    /// Returns the entries as a reader of the new snapshot finds them.
    fn entries(&self, target: Target<'_>, added_sequence: Option<i64>) -> Arc<[ManifestEntryRef]> {
        let own = target.metadata.next_sequence_number();
        let added = self.added.iter().map(|file| {
            Arc::new(ManifestEntry {
                status: ManifestStatus::Added,
                snapshot_id: Some(target.snapshot_id),
                sequence_number: Some(added_sequence.unwrap_or(own)),
                file_sequence_number: Some(own),
                data_file: DataFile::clone(file),
            })
        });
        added.chain(self.existing.iter().cloned()).collect()
    }
}

/// Writes a manifest that lists the files which this snapshot removes. The next commit drops it.
async fn write_removed(
    file_io: &FileIO,
    target: Target<'_>,
    removed: &[Arc<ManifestEntry>],
    locations: &mut Vec<String>,
) -> Result<ManifestFile> {
    let mut writer = writer(file_io, target, locations)?;
    for entry in removed {
        let numbers = numbers(entry)?;
        writer.add_delete_file(entry.data_file().clone(), numbers.data, Some(numbers.file))?;
    }
    Ok(writer.write_manifest_file().await?)
}

/// Starts a new manifest, and adds its location to `locations`.
fn writer(file_io: &FileIO, target: Target<'_>, locations: &mut Vec<String>) -> Result<ManifestWriter> {
    let location = format!(
        "{}/metadata/{}-m0.avro",
        target.metadata.location(),
        Uuid::new_v4()
    );
    locations.push(location.clone());
    let builder = ManifestWriterBuilder::new(
        file_io.new_output(location)?,
        Some(target.snapshot_id),
        target.metadata.current_schema().clone(),
        target.metadata.default_partition_spec().as_ref().clone(),
    );
    Ok(builder.build_v2_data())
}

/// The id of the snapshot that added a file, and the file's two sequence numbers.
struct Numbers {
    snapshot: i64,
    data: i64,
    file: i64,
}

/// Returns the numbers that an entry got when it was committed. They never change.
///
/// # Errors
/// [`Error::Iceberg`] when one of them is missing.
fn numbers(entry: &ManifestEntry) -> Result<Numbers> {
    let all = (
        entry.snapshot_id(),
        entry.sequence_number(),
        entry.file_sequence_number,
    );
    let (Some(snapshot), Some(data), Some(file)) = all else {
        let message = format!("{} has no sequence number in its manifest", entry.file_path());
        return Err(Error::Iceberg(iceberg::Error::new(
            iceberg::ErrorKind::DataInvalid,
            message,
        )));
    };
    Ok(Numbers { snapshot, data, file })
}

/// Returns false if the manifest list says that the manifest has no file of that day.
fn may_hold(manifest: &ManifestFile, day: i32) -> bool {
    let fields = manifest.partitions.as_ref();
    let has_summary = fields.is_some_and(|fields| !fields.is_empty());
    let stats = stats(manifest);
    !has_summary || (stats.from..=stats.to).contains(&day)
}

/// Returns the first manifest with live delete files, which remove rows of data files.
pub(crate) fn with_delete_files(manifests: &[ManifestFile]) -> Option<&ManifestFile> {
    // A missing count is no proof that there are none.
    let has_live = |manifest: &&ManifestFile| {
        manifest.added_files_count != Some(0) || manifest.existing_files_count != Some(0)
    };
    let deletes = |manifest: &&ManifestFile| manifest.content == ManifestContentType::Deletes;
    manifests.iter().filter(deletes).find(has_live)
}

/// Returns the number of files and the days of a manifest, from its entry in the manifest list.
fn stats(manifest: &ManifestFile) -> ManifestStats {
    let count = |files: Option<u32>| files.unwrap_or_default() as usize;
    let summary = manifest.partitions.as_ref().and_then(|fields| fields.first());
    let bound = |bytes: Option<&[u8]>| {
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, i32::from_le_bytes)
    };
    ManifestStats {
        files: count(manifest.added_files_count) + count(manifest.existing_files_count),
        from: bound(
            summary
                .and_then(|field| field.lower_bound.as_deref())
                .map(Vec::as_slice),
        ),
        to: bound(
            summary
                .and_then(|field| field.upper_bound.as_deref())
                .map(Vec::as_slice),
        ),
    }
}

#[cfg(test)]
#[path = "manifests_tests.rs"]
mod tests;
