//! Reads, writes and caches manifest lists, which name the manifests of a snapshot.

use std::sync::Arc;

use iceberg::io::FileIO;
use iceberg::spec::{
    ManifestFile, ManifestList, ManifestListWriter, TableMetadata, UNASSIGNED_SEQUENCE_NUMBER,
};
use uuid::Uuid;

use crate::error::Result;
use crate::fifo_cache::FifoCache;
use crate::manifests::Target;

/// Number of cached lists: enough for the snapshots that are kept by number (100) and a batch that expires.
const CAPACITY: usize = 128;

/// A cache of the manifest lists that were read or written last, by location.
///
/// A list never changes. Each is needed twice: by the next commit, and when its snapshot expires.
#[derive(Debug, Default)]
pub(crate) struct ManifestListCache(FifoCache<ManifestFile, CAPACITY>);

impl ManifestListCache {
    /// Returns the manifests of a snapshot. Reads the list if it is not in the cache.
    pub(crate) async fn get(
        &self,
        file_io: &FileIO,
        metadata: &TableMetadata,
        location: &str,
    ) -> Result<Arc<[ManifestFile]>> {
        if let Some(manifests) = self.0.get(location) {
            return Ok(manifests);
        }
        let manifests: Arc<[_]> = read(file_io, metadata, location).await?.into();
        self.0.insert(location, &manifests);
        Ok(manifests)
    }

    /// Returns the manifests of a snapshot. Reads the list if it is not in the cache, and does not add it: a reader of all
    /// files must not push out the lists that commits need.
    pub(crate) async fn get_once(
        &self,
        file_io: &FileIO,
        metadata: &TableMetadata,
        location: &str,
    ) -> Result<Arc<[ManifestFile]>> {
        match self.0.get(location) {
            Some(manifests) => Ok(manifests),
            None => Ok(read(file_io, metadata, location).await?.into()),
        }
    }

    /// Writes the list of the new snapshot and returns its location. Adds the location to `written` before the write.
    pub(crate) async fn write(
        &self,
        file_io: &FileIO,
        target: Target<'_>,
        mut manifests: Vec<ManifestFile>,
        written: &mut Vec<String>,
    ) -> Result<String> {
        let location = format!(
            "{}/metadata/snap-{}-{}.avro",
            target.metadata.location(),
            target.snapshot_id,
            Uuid::new_v4()
        );
        written.push(location.clone());
        let sequence_number = target.metadata.next_sequence_number();
        for manifest in &mut manifests {
            // New manifests get the snapshot's own sequence number, which a reader of the list would assign too.
            for number in [&mut manifest.sequence_number, &mut manifest.min_sequence_number] {
                if *number == UNASSIGNED_SEQUENCE_NUMBER {
                    *number = sequence_number;
                }
            }
        }
        let mut writer = ManifestListWriter::v2(
            file_io.new_output(&location)?.writer().await?,
            target.snapshot_id,
            target.metadata.current_snapshot_id(),
            sequence_number,
        );
        writer.add_manifests(manifests.iter().cloned())?;
        writer.close().await?;
        self.0.insert(&location, &manifests.into());
        Ok(location)
    }
}

/// Reads a manifest list and returns its manifests.
pub(crate) async fn read(
    file_io: &FileIO,
    metadata: &TableMetadata,
    location: &str,
) -> Result<Vec<ManifestFile>> {
    let bytes = file_io.new_input(location)?.read().await?;
    let list = ManifestList::parse_with_version(&bytes, metadata.format_version())?;
    Ok(list.consume_entries().into_iter().collect())
}
