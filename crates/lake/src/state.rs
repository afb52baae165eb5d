//! Reading what is committed: for those who follow the lake.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use iceberg::spec::{DataFile, ManifestContentType, SchemaRef};
use jiff::civil::Date;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::{lists, manifests};

/// A file of a table's current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeFile {
    /// Path, partition, rows, bytes, bounds.
    pub file: DataFile,
    /// Its data sequence number: the age of its rows. That of a compaction's output is the highest of its inputs.
    pub sequence_number: i64,
}

impl LakeFile {
    /// The UTC day of its rows.
    pub fn day(&self) -> Date {
        let days = i64::from(manifests::day(self.file.partition()));
        Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(days))
    }
}

/// A table as it is committed.
#[derive(Clone, Debug)]
pub struct TableState {
    /// The metadata file: another commit has another.
    pub location: String,
    /// The table's own folder, as a location without a slash at its end.
    folder: String,
    /// The current schema: may have columns that `lakefront_otel` does not declare.
    pub schema: SchemaRef,
    /// The files of the current snapshot, in no particular order.
    pub files: Vec<LakeFile>,
}

impl TableState {
    /// The path of one of its files below the table's folder, as [`Lake::open_file`] takes it. None when another writer put it
    /// elsewhere.
    pub fn path<'a>(&self, file: &'a LakeFile) -> Option<&'a str> {
        let below = file.file.file_path().strip_prefix(self.folder.as_str())?;
        below.strip_prefix('/')
    }
}

/// The files of a table's manifests, by the manifest's path. A manifest never changes.
pub(crate) type KnownManifests = HashMap<String, Arc<Vec<LakeFile>>>;

impl Lake {
    /// The metadata file that is committed now: cheap, and another after each commit.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn metadata_location(&self, table: &str) -> Result<String> {
        let name = self.table(table)?.definition.name;
        let Catalog::Sql(catalog) = &self.catalog else {
            return Ok(self.head(name).await?.location);
        };
        let location = catalog.metadata_location(name).await?;
        location.ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }

    /// The table as it is committed now. Only manifests that were not there the last time are opened.
    ///
    /// # Errors
    /// When catalog or metadata can't be read; [`Error::Unreadable`] when another writer left files in it that its rows can't
    /// be told from: deletes, or another partitioning.
    pub async fn state(&self, table: &str) -> Result<TableState> {
        let table = self.table(table)?;
        let head = self.head(table.definition.name).await?;
        let metadata = &head.metadata;
        let file_io = table.storage.file_io();
        let mut files = Vec::new();
        if let Some(snapshot) = metadata.current_snapshot() {
            let mut known = table.manifests.lock().await;
            let mut current = KnownManifests::new();
            for manifest in lists::read(file_io, metadata, snapshot.manifest_list()).await? {
                let entries = match known.remove(&manifest.manifest_path) {
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
            *known = current;
        }
        Ok(TableState {
            location: head.location,
            folder: metadata.location().trim_end_matches('/').to_owned(),
            schema: metadata.current_schema().clone(),
            files,
        })
    }

    /// Opens a file of the table to read, by its path below the table's location: one on a store as a copy on local disk, which is
    /// gone when it is closed.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn open_file(&self, table: &str, path: &str) -> Result<File> {
        let table = Arc::clone(self.table(table)?);
        let location = format!("{}/{path}", table.location);
        tokio::task::spawn_blocking(move || table.storage.open(&location)).await?
    }

    /// The files of the current snapshot, in no particular order.
    ///
    /// # Errors
    /// As of [`Lake::state`].
    pub async fn files(&self, table: &str) -> Result<Vec<LakeFile>> {
        Ok(self.state(table).await?.files)
    }
}
