//! Schema evolution: a table that an older version made gets the columns that it lacks, by a change of metadata only.
//!
//! The new columns are optional, because the rows of older files have no value. Version 2 of Iceberg has no default
//! values, so that readers take null as the default value of the column's type, such as `''`.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{NestedField, NestedFieldRef, Schema, TableMetadata, TableMetadataBuilder, Type};
use lakefront_otel::Table;

use crate::commit::{ATTEMPTS, backoff, change_metadata};
use crate::committed_table::CommitOutcome;
use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::{table_creation, version_hint};

/// Returns the Arrow schema of new data files, with field ids. Adds the declared columns that the table lacks first.
///
/// A process asks the catalog only until the table has all columns.
///
/// # Errors
/// [`Error::Column`] when a column of the table has another type than the declared one, and the errors of a commit.
pub(crate) async fn writable_schema(table: &OpenTable) -> Result<SchemaRef> {
    let mut known = table.schema.lock().await;
    if let Some(schema) = &*known {
        return Ok(Arc::clone(schema));
    }
    let schema = add_missing_columns(table).await?;
    Ok(Arc::clone(known.insert(schema)))
}

/// Returns the Arrow schema of a table that has all declared columns, and `None` for another table.
pub(crate) fn complete_schema(definition: &Table, metadata: &TableMetadata) -> Result<Option<SchemaRef>> {
    match with_missing_columns(definition, metadata) {
        Ok(None) => Ok(Some(arrow_schema(metadata)?)),
        Ok(Some(_)) | Err(Error::Column { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn arrow_schema(metadata: &TableMetadata) -> Result<SchemaRef> {
    Ok(Arc::new(schema_to_arrow_schema(metadata.current_schema())?))
}

async fn add_missing_columns(table: &OpenTable) -> Result<SchemaRef> {
    let name = table.definition.name;
    let mut cached = table.committed.lock().await;
    for attempt in 0..ATTEMPTS {
        let base = table.catalog.committed(name, cached.take()).await?;
        let base = base.ok_or_else(|| Error::UnknownTable(name.to_owned()))?;
        let Some(schema) = with_missing_columns(table.definition, &base.metadata)? else {
            let schema = arrow_schema(&base.metadata);
            *cached = Some(base);
            return schema;
        };
        let change = |builder: TableMetadataBuilder| Ok(builder.add_current_schema(schema)?);
        let result = change_metadata(table, &base, change).await?;
        match table.catalog.commit(name, &base, result).await? {
            CommitOutcome::Committed(after) => {
                tracing::info!(table = name, "added the columns that this version writes");
                version_hint::publish_commit(table).await;
                *cached = Some(*after);
            }
            CommitOutcome::Conflict => tokio::time::sleep(backoff(attempt)).await,
            // The next round finds out.
            CommitOutcome::Unknown(error) => {
                tracing::warn!(table = name, %error, "asking the catalog whether the new columns are in");
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
    }
    Err(Error::Conflict {
        table: name.to_owned(),
        attempts: ATTEMPTS,
    })
}

/// Returns the current schema with the declared columns that it lacks, or `None` if rows can be written as it is.
///
/// Additional columns stay, and become optional, because new rows have no value for them.
fn with_missing_columns(definition: &Table, metadata: &TableMetadata) -> Result<Option<Schema>> {
    let current = metadata.current_schema();
    let declared = table_creation::schema(definition)?;
    // Ids of columns that were dropped are never given out again.
    let mut ids = metadata.last_column_id() + 1..;
    let mut fields: Vec<NestedFieldRef> = current
        .as_struct()
        .fields()
        .iter()
        .map(
            |field| match field.required && definition.column(&field.name).is_none() {
                true => Arc::new(NestedField {
                    required: false,
                    ..NestedField::clone(field)
                }),
                false => Arc::clone(field),
            },
        )
        .collect();
    for (column, field) in definition.columns.iter().zip(declared.as_struct().fields()) {
        match current.field_by_name(column.name) {
            None => fields.push(table_creation::added_field(column, &mut ids).into()),
            Some(found) if is_same(&found.field_type, &field.field_type) => {}
            Some(found) => {
                return Err(Error::Column {
                    table: definition.name.to_owned(),
                    column: column.name.to_owned(),
                    found: found.field_type.to_string(),
                    declared: field.field_type.to_string(),
                });
            }
        }
    }
    if fields == current.as_struct().fields() {
        return Ok(None);
    }
    let schema = Schema::builder()
        .with_fields(fields)
        .with_identifier_field_ids(current.identifier_field_ids());
    Ok(Some(schema.build()?))
}

/// Returns true if values of both types have the same form. Field ids may differ, because a REST catalog assigns its
/// own.
fn is_same(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::List(one), Type::List(other)) => {
            is_same(&one.element_field.field_type, &other.element_field.field_type)
        }
        (Type::Map(one), Type::Map(other)) => {
            is_same(&one.key_field.field_type, &other.key_field.field_type)
                && is_same(&one.value_field.field_type, &other.value_field.field_type)
        }
        _ => one == other,
    }
}
