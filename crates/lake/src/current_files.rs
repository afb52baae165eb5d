//! Reading the committed state of a table, for programs that follow the lake.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use iceberg::spec::{DataFile, ManifestContentType, SchemaRef};
use jiff::civil::Date;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::{manifest_list, manifests};

/// A data file of a table's current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeFile {
    /// The file as its manifest entry describes it: path, partition, rows, bytes, bounds.
    pub file: DataFile,
    /// Data sequence number, which gives the age of the rows. The output of a compaction has the highest number of its
    /// inputs.
    pub sequence_number: i64,
}

impl LakeFile {
    /// Returns the UTC day of the file's rows.
    pub fn day(&self) -> Date {
        let days = i64::from(manifests::day(self.file.partition()));
        Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(days))
    }
}

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
    /// Returns the path of a file below the table's folder, as [`Lake::open_file`] takes it.
    ///
    /// Returns `None` if the file is not in that folder because another writer put it elsewhere.
    pub fn path<'a>(&self, file: &'a LakeFile) -> Option<&'a str> {
        let below = file.file.file_path().strip_prefix(self.folder.as_str())?;
        below.strip_prefix('/')
    }
}

/// The data files in each manifest, by the manifest's path. A manifest never changes.
pub(crate) type ManifestFiles = HashMap<String, Arc<Vec<LakeFile>>>;

impl Lake {
    /// Returns the location of the committed metadata file, which changes with each commit. With a SQL catalog, reads
    /// no metadata.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn metadata_location(&self, table: &str) -> Result<String> {
        let name = self.table(table)?.definition.name;
        let Catalog::Sql(catalog) = &self.catalog else {
            return Ok(self.committed_table(name).await?.location);
        };
        let location = catalog.metadata_location(name).await?;
        location.ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }

    /// Returns the committed state of the table. Opens only manifests that were not in the state it returned before.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read. [`Error::Unreadable`] when another writer added delete files or
    /// files of another partitioning: the table's rows can't be determined then.
    pub async fn state(&self, table: &str) -> Result<TableState> {
        let table = self.table(table)?;
        let committed = self.committed_table(table.definition.name).await?;
        let metadata = &committed.metadata;
        let file_io = table.storage.file_io();
        let mut files = Vec::new();
        if let Some(snapshot) = metadata.current_snapshot() {
            let mut cached = table.manifests.lock().await;
            let mut current = ManifestFiles::new();
            for manifest in manifest_list::read(file_io, metadata, snapshot.manifest_list()).await? {
                let entries = match cached.remove(&manifest.manifest_path) {
                    Some(entries) => entries,
                    None => {
                        let live = manifests::live_entries(file_io, &manifest).await?;
                        let file = |entry: &iceberg::spec::ManifestEntryRef| LakeFile {
                            file: entry.data_file().clone(),
                            sequence_number: entry.sequence_number().unwrap_or_default(),
                        };
                        Arc::new(live.iter().map(file).collect())
                    }
                };
                let foreign = manifest.content != ManifestContentType::Data
                    || manifest.partition_spec_id != table.partition_spec_id;
                if foreign && !entries.is_empty() {
                    return Err(Error::Unreadable {
                        table: table.definition.name.to_owned(),
                        manifest: manifest.manifest_path,
                    });
                }
                files.extend(entries.iter().cloned());
                current.insert(manifest.manifest_path, entries);
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

    /// Opens a file of the table for reading, by its path below the table's location.
    ///
    /// A file on a store is copied to local disk; the copy is deleted when it is closed.
    ///
    /// # Errors
    /// When the file can't be read, or copied from the store.
    pub async fn open_file(&self, table: &str, path: &str) -> Result<File> {
        let table = Arc::clone(self.table(table)?);
        let location = format!("{}/{path}", table.location);
        tokio::task::spawn_blocking(move || table.storage.open(&location)).await?
    }

    /// Returns the files of the current snapshot, in no particular order.
    ///
    /// # Errors
    /// The same as of [`Lake::state`].
    pub async fn files(&self, table: &str) -> Result<Vec<LakeFile>> {
        Ok(self.state(table).await?.files)
    }
}
