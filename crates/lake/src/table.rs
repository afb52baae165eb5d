//! One open table of the lake.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{TableMetadata, TableMetadataBuilder};
use lakefront_otel::Table;
use tokio::sync::Mutex;

use crate::catalog::{Catalog, Head};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::state::KnownManifests;
use crate::{definition, storage};

/// What writing and committing need to know of a table.
#[derive(Debug)]
pub(crate) struct OpenTable {
    /// The definition.
    pub definition: &'static Table,
    /// The folder with `metadata` and `data`.
    pub folder: PathBuf,
    /// How its data files are laid out.
    pub layout: Layout,
    /// Arrow schema of its data files, with field ids.
    pub schema: SchemaRef,
    /// Ids of the current partition spec and sort order.
    pub partition_spec_id: i32,
    /// See above.
    pub sort_order_id: i32,
    /// The last known committed state. Held over a commit: commits of one process wait here instead of racing.
    pub head: Mutex<Option<Head>>,
    /// What was read of the current manifests.
    pub manifests: Mutex<KnownManifests>,
}

impl OpenTable {
    /// Opens the table, and creates it when the catalog does not have it.
    pub(crate) async fn open(
        catalog: &Catalog,
        definition: &'static Table,
        namespace: &std::path::Path,
        layout: &Layout,
    ) -> Result<Self> {
        let head = match catalog.head(definition.name, None).await? {
            Some(head) => head,
            None => create(catalog, definition, namespace.join(definition.name)).await?,
        };
        let metadata = &head.metadata;
        check_schema(definition, metadata)?;
        Ok(Self {
            definition,
            folder: storage::path(metadata.location()),
            layout: layout.clone(),
            schema: Arc::new(schema_to_arrow_schema(metadata.current_schema())?),
            partition_spec_id: metadata.default_partition_spec_id(),
            sort_order_id: i32::try_from(metadata.default_sort_order_id()).unwrap_or_default(),
            head: Mutex::new(Some(head)),
            manifests: Mutex::default(),
        })
    }
}

async fn create(catalog: &Catalog, definition: &'static Table, folder: PathBuf) -> Result<Head> {
    storage::create_folder(&folder.join("metadata"))?;
    storage::create_folder(&folder.join("data"))?;
    let creation = definition::creation(definition, storage::location(&folder))?;
    let metadata = TableMetadataBuilder::from_table_creation(creation)?
        .build()?
        .metadata;
    // Whether we or another process created it, the catalog says what it is.
    catalog.create(definition.name, &metadata).await?;
    let head = catalog.head(definition.name, None).await?;
    head.ok_or_else(|| Error::UnknownTable(definition.name.to_owned()))
}

fn check_schema(definition: &Table, metadata: &TableMetadata) -> Result<()> {
    let declared = definition::schema(definition)?;
    let current = metadata.current_schema();
    for field in declared.as_struct().fields() {
        let found = current.field_by_id(field.id);
        if !found.is_some_and(|found| found.name == field.name && found.field_type == field.field_type) {
            return Err(Error::Schema {
                table: definition.name.to_owned(),
                reason: format!(
                    "column {} `{}` {} is missing or different",
                    field.id, field.name, field.field_type
                ),
            });
        }
    }
    Ok(())
}
