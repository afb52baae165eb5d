//! The committed state of a table and its data files, for programs that follow the lake.

use std::sync::Arc;

use iceberg::spec::{ManifestContentType, SchemaRef};

use crate::error::{Error, Result};
use crate::lake_file::LakeFile;
use crate::table::{ManifestFiles, OpenTable};
use crate::{manifest_list, manifests};

/// The committed state of a table.
#[derive(Clone, Debug)]
pub struct TableState {
    /// Location of the metadata file. Each commit changes it.
    pub location: String,
    /// Location of the table's folder, without a slash at its end.
    folder: String,
    /// The current schema. It may have columns that `lakefront_otel` does not declare.
    pub schema: SchemaRef,
    /// The files of the current snapshot, in no particular order.
    pub files: Vec<LakeFile>,
}

impl TableState {
    /// Returns the path of a file below the table's folder, as [`Lake::open_file`](crate::Lake::open_file) takes it.
    ///
    /// Returns `None` if the file is not in that folder because another writer put it elsewhere.
    pub fn path<'a>(&self, file: &'a LakeFile) -> Option<&'a str> {
        let below = file.file.file_path().strip_prefix(self.folder.as_str())?;
        below.strip_prefix('/')
    }
}

/// Reads the committed state of the table; see [`Lake::state`](crate::Lake::state).
pub(crate) async fn read(table: &OpenTable) -> Result<TableState> {
    let committed = table.committed().await?;
    let metadata = &committed.metadata;
    let file_io = table.storage.file_io();
    let mut files = Vec::new();
    if let Some(snapshot) = metadata.current_snapshot() {
        let mut cached = table.manifests.lock().await;
        let mut current = ManifestFiles::new();
        for manifest in manifest_list::read(file_io, metadata, snapshot.manifest_list()).await? {
            let of_manifest: Arc<[LakeFile]> = match cached.remove(&manifest.manifest_path) {
                Some(files) => files,
                None => {
                    let live = manifests::live_entries(file_io, &manifest).await?;
                    live.iter().map(|entry| LakeFile::from(entry.as_ref())).collect()
                }
            };
            let foreign = manifest.content != ManifestContentType::Data
                || manifest.partition_spec_id != table.partition_spec_id;
            if foreign && !of_manifest.is_empty() {
                return Err(Error::Unreadable {
                    table: table.definition.name.to_owned(),
                    manifest: manifest.manifest_path,
                });
            }
            files.extend(of_manifest.iter().cloned());
            current.insert(manifest.manifest_path, of_manifest);
        }
        *cached = current;
    }
    Ok(TableState {
        location: committed.location,
        folder: metadata.location().trim_end_matches('/').to_owned(),
        schema: metadata.current_schema().clone(),
        files,
    })
}
