//! An open table of the lake: its definition, storage, layout and caches.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use iceberg::io::FileIO;
use iceberg::spec::{DataFile, TableMetadataBuilder};
use lakefront_lake_catalog::RestCatalog;
use lakefront_otel::Table;
use tokio::sync::Mutex;

use crate::catalog::Catalog;
use crate::committed_table::CommittedTable;
use crate::config::LakeConfig;
use crate::error::{Error, Result};
use crate::lake_file::LakeFile;
use crate::manifest_list::ManifestListCache;
use crate::manifests::ManifestEntryCache;
use crate::rest::{self, RestTable};
use crate::s3::S3;
use crate::sql_catalog::SqlCatalog;
use crate::storage::Storage;
use crate::{location, schema_evolution, storage, table_creation};

/// The data files in each manifest, by the manifest's path. A manifest never changes.
pub(crate) type ManifestFiles = HashMap<String, Arc<[LakeFile]>>;

/// An open table: all that writes and commits need.
#[derive(Debug)]
pub(crate) struct OpenTable {
    /// The definition in crates/otel.
    pub definition: &'static Table,
    /// Location of the folder with `metadata` and `data`, without a slash at the end.
    pub location: String,
    /// The storage of its files.
    pub storage: Storage,
    /// The settings of the lake.
    pub config: Arc<LakeConfig>,
    /// The catalog of the lake.
    pub catalog: Catalog,
    /// Arrow schema of new data files, with field ids. `None` until the table has all declared columns.
    pub schema: Mutex<Option<SchemaRef>>,
    /// Id of the current partition spec.
    pub partition_spec_id: i32,
    /// Id of the current sort order.
    pub sort_order_id: i32,
    /// The last committed state that this process has seen. A commit holds the lock, so that commits of one process
    /// wait here instead of racing.
    pub committed: Mutex<Option<CommittedTable>>,
    /// Cache of the latest manifest lists, for commits.
    pub lists: ManifestListCache,
    /// Cache of the entries of the latest manifests, for commits.
    pub entries: ManifestEntryCache,
    /// Cache of the data files of the current manifests, for [`Lake::state`](crate::Lake::state).
    pub manifests: Mutex<ManifestFiles>,
}

impl OpenTable {
    /// Returns the open table for a committed state.
    fn new(
        definition: &'static Table,
        committed: CommittedTable,
        storage: Storage,
        catalog: Catalog,
        config: &Arc<LakeConfig>,
    ) -> Result<Self> {
        let metadata = &committed.metadata;
        let location = match &storage {
            Storage::Local(_) => location::of_path(&location::path(metadata.location())),
            Storage::S3(_) => metadata.location().trim_end_matches('/').to_owned(),
        };
        Ok(Self {
            definition,
            location,
            storage,
            config: Arc::clone(config),
            catalog,
            schema: Mutex::new(schema_evolution::complete_schema(definition, metadata)?),
            partition_spec_id: metadata.default_partition_spec_id(),
            sort_order_id: i32::try_from(metadata.default_sort_order_id()).unwrap_or_default(),
            committed: Mutex::new(Some(committed)),
            lists: ManifestListCache::default(),
            entries: ManifestEntryCache::default(),
            manifests: Mutex::default(),
        })
    }

    /// Opens a table of a SQL catalog. Creates the table below `namespace` if the catalog does not have it.
    pub(crate) async fn open_local(
        catalog: &SqlCatalog,
        definition: &'static Table,
        namespace: &Path,
        config: &Arc<LakeConfig>,
    ) -> Result<Self> {
        let committed = match catalog.committed(definition.name, None).await? {
            Some(committed) => committed,
            None => create_local(catalog, definition, &namespace.join(definition.name)).await?,
        };
        let storage = Storage::Local(FileIO::new_with_fs());
        Self::new(
            definition,
            committed,
            storage,
            Catalog::Sql(catalog.clone()),
            config,
        )
    }

    /// Opens a table of a REST catalog. If the catalog does not have it, creates the table, or returns `None`.
    pub(crate) async fn open_remote(
        catalog: &RestCatalog,
        definition: &'static Table,
        config: &Arc<LakeConfig>,
        create: bool,
    ) -> Result<Option<Self>> {
        let name = definition.name;
        let table: RestTable = match catalog.load(name, None).await?.flatten() {
            Some(table) => table,
            None if !create => return Ok(None),
            None => {
                let location = catalog.table_location(name)?;
                rest::create(catalog, &table_creation::table_creation(definition, location)?).await?;
                // Another process may have created it first, so its state comes from the catalog.
                let table = catalog.load(name, None).await?.flatten();
                table.ok_or_else(|| Error::UnknownTable(name.to_owned()))?
            }
        };
        let store = S3::new(catalog, name, &table);
        store.check(table.metadata.location()).await?;
        let storage = Storage::S3(store);
        Self::new(
            definition,
            table.into(),
            storage,
            Catalog::Rest(catalog.clone()),
            config,
        )
        .map(Some)
    }

    /// Returns the committed state, as the catalog has it now.
    pub(crate) async fn committed(&self) -> Result<CommittedTable> {
        let name = self.definition.name;
        let mut cached = self.committed.lock().await;
        let committed = self.catalog.committed(name, cached.take()).await?;
        let committed = committed.ok_or_else(|| Error::UnknownTable(name.to_owned()))?;
        Ok(cached.insert(committed).clone())
    }

    /// Returns the location of the committed metadata file. With a SQL catalog, reads no metadata.
    pub(crate) async fn metadata_location(&self) -> Result<String> {
        let Catalog::Sql(catalog) = &self.catalog else {
            return Ok(self.committed().await?.location);
        };
        let name = self.definition.name;
        let location = catalog.metadata_location(name).await?;
        location.ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }

    /// Opens a file for reading, by its path below the table's location.
    pub(crate) async fn open_file(self: &Arc<Self>, path: &str) -> Result<File> {
        let table = Arc::clone(self);
        let location = format!("{}/{path}", self.location);
        tokio::task::spawn_blocking(move || table.storage.open(&location)).await?
    }

    /// Deletes data files that no snapshot names. Failed deletions are only logged.
    pub(crate) async fn delete(&self, files: &[DataFile]) {
        let locations = files.iter().map(|file| file.file_path().to_owned());
        self.storage.delete(locations.collect()).await;
    }
}

/// Creates the folders and the catalog entry of a table, and returns its committed state.
async fn create_local(
    catalog: &SqlCatalog,
    definition: &'static Table,
    folder: &Path,
) -> Result<CommittedTable> {
    storage::create_folder(&folder.join("metadata"))?;
    storage::create_folder(&folder.join("data"))?;
    let creation = table_creation::table_creation(definition, Some(location::of_path(folder)))?;
    let metadata = TableMetadataBuilder::from_table_creation(creation)?
        .build()?
        .metadata;
    // Another process may have created it first, so its state comes from the catalog.
    catalog.create(definition.name, &metadata).await?;
    let committed = catalog.committed(definition.name, None).await?;
    committed.ok_or_else(|| Error::UnknownTable(definition.name.to_owned()))
}
