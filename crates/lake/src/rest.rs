//! Tables in an Iceberg REST catalog: creating them, reading their committed state, committing to it.

use iceberg::spec::{MAIN_BRANCH, TableMetadata};
use iceberg::{TableCreation, TableRequirement, TableUpdate};
use lakefront_lake_catalog::{RestCatalog, RestCommit};
use serde_json::{Value, json};

use crate::committed_table::{CommitOutcome, CommittedTable};
use crate::error::Result;

/// A table as the catalog returns it.
pub(crate) type RestTable = lakefront_lake_catalog::RestTable<TableMetadata>;

impl From<RestTable> for CommittedTable {
    fn from(table: RestTable) -> Self {
        Self {
            location: table.location,
            metadata: table.metadata,
            etag: table.etag,
        }
    }
}

/// Returns the committed state, or `None` if there is no such table. If the ETag of `cached` is still current, returns
/// `cached`.
pub(crate) async fn committed(
    catalog: &RestCatalog,
    table: &str,
    cached: Option<CommittedTable>,
) -> Result<Option<CommittedTable>> {
    let etag = cached.as_ref().and_then(|cached| cached.etag.as_deref());
    Ok(match catalog.load::<TableMetadata>(table, etag).await? {
        Some(Some(loaded)) => Some(loaded.into()),
        Some(None) => cached,
        None => None,
    })
}

/// Creates a table if it is missing.
pub(crate) async fn create(catalog: &RestCatalog, creation: &TableCreation) -> Result<()> {
    // Some catalogs do not number the partition fields themselves.
    let partition_spec = match &creation.partition_spec {
        Some(spec) => Some(spec.clone().bind(creation.schema.clone())?),
        None => None,
    };
    let mut request = json!({
        "name": creation.name,
        "schema": creation.schema,
        "partition-spec": partition_spec,
        "write-order": creation.sort_order,
        "stage-create": false,
        "properties": creation.properties,
    });
    if let Some(location) = &creation.location {
        request["location"] = Value::from(location.as_str());
    }
    Ok(catalog.create_table(&creation.name, &request).await?)
}

/// Commits the updates if `base` is still the committed state.
///
/// # Errors
/// When the request could not be sent, or the catalog refused it. Nothing was committed then.
pub(crate) async fn commit(
    catalog: &RestCatalog,
    table: &str,
    base: &CommittedTable,
    updates: Vec<TableUpdate>,
) -> Result<CommitOutcome> {
    let mut requirements = vec![
        TableRequirement::UuidMatch {
            uuid: base.metadata.uuid(),
        },
        // Each snapshot written here has the previous one as its parent, so an unchanged branch means that nothing came
        // between.
        TableRequirement::RefSnapshotIdMatch {
            r#ref: MAIN_BRANCH.to_owned(),
            snapshot_id: base.metadata.current_snapshot_id(),
        },
    ];
    // A change of the schema makes no snapshot.
    if updates
        .iter()
        .any(|update| matches!(update, TableUpdate::AddSchema { .. }))
    {
        requirements.push(TableRequirement::CurrentSchemaIdMatch {
            current_schema_id: base.metadata.current_schema_id(),
        });
        requirements.push(TableRequirement::LastAssignedFieldIdMatch {
            last_assigned_field_id: base.metadata.last_column_id(),
        });
    }
    let outcome = catalog
        .commit::<TableMetadata>(table, &requirements, &updates)
        .await?;
    Ok(match outcome {
        RestCommit::Committed(table) => CommitOutcome::Committed(Box::new((*table).into())),
        RestCommit::Conflict => CommitOutcome::Conflict,
        RestCommit::Unknown(error) => CommitOutcome::Unknown(error.into()),
    })
}
