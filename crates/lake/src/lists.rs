//! Manifest lists: which manifests a snapshot has.

use std::sync::Arc;

use iceberg::io::FileIO;
use iceberg::spec::{
    ManifestFile, ManifestList, ManifestListWriter, TableMetadata, UNASSIGNED_SEQUENCE_NUMBER,
};
use uuid::Uuid;

use crate::error::Result;
use crate::known::Known;
use crate::manifests::Target;

/// How many lists are remembered: those of the snapshots that stay by their number, and of a batch that expires.
const KNOWN: usize = 128;

/// The manifest lists that were read or written last, by location. A list never changes, and each is asked for twice: by
/// the next commit, and when its snapshot expires.
#[derive(Debug, Default)]
pub(crate) struct KnownLists(Known<ManifestFile, KNOWN>);

impl KnownLists {
    /// The manifests of a snapshot, read if they are not known.
    pub(crate) async fn get(
        &self,
        file_io: &FileIO,
        metadata: &TableMetadata,
        location: &str,
    ) -> Result<Arc<[ManifestFile]>> {
        if let Some(manifests) = self.0.find(location) {
            return Ok(manifests);
        }
        let manifests: Arc<[_]> = read(file_io, metadata, location).await?.into();
        self.0.remember(location, &manifests);
        Ok(manifests)
    }

    /// Writes the list of the new snapshot; returns its location. Adds it to `written` first.
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
            // New ones get the snapshot's own, as a reader will find it.
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
        self.0.remember(&location, &manifests.into());
        Ok(location)
    }
}

/// The manifests of a snapshot, from its list.
pub(crate) async fn read(
    file_io: &FileIO,
    metadata: &TableMetadata,
    location: &str,
) -> Result<Vec<ManifestFile>> {
    let bytes = file_io.new_input(location)?.read().await?;
    let list = ManifestList::parse_with_version(&bytes, metadata.format_version())?;
    Ok(list.consume_entries().into_iter().collect())
}
