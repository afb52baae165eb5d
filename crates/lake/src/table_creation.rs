//! Translates a table definition of crates/otel into Iceberg's schema, sort order, partition spec and properties.

use std::collections::HashMap;

use iceberg::TableCreation;
use iceberg::spec::{
    FormatVersion, ListType, MapType, NestedField, NullOrder, PrimitiveType, Schema, SortDirection,
    SortField, SortOrder, Transform, Type, UnboundPartitionSpec,
};
use lakefront_otel::{Column, ColumnType, Table};

use crate::error::{Error, Result};

/// Returns what a catalog needs to create the table, at that location or at one that the catalog chooses.
pub(crate) fn table_creation(table: &Table, location: Option<String>) -> Result<TableCreation> {
    let schema = schema(table)?;
    let mut sort_order = SortOrder::builder();
    for name in table.sort_order {
        sort_order.with_sort_field(
            SortField::builder()
                .source_id(field_id(table, name)?)
                .transform(Transform::Identity)
                .direction(SortDirection::Ascending)
                .null_order(NullOrder::First)
                .build(),
        );
    }
    let partition = UnboundPartitionSpec::builder()
        // Apache's REST server requires an id; the catalog assigns its own.
        .with_spec_id(0)
        .add_partition_field(
            field_id(table, table.time_column)?,
            format!("{}_day", table.time_column),
            Transform::Day,
        )?
        .build();
    Ok(TableCreation::builder()
        .name(table.name.to_owned())
        .location_opt(location)
        .sort_order(sort_order.build(&schema)?)
        .schema(schema)
        .partition_spec(partition)
        .properties(properties(table))
        .format_version(FormatVersion::V2)
        .build())
}

/// Returns the table's columns as an Iceberg schema, with the field ids of the definition.
pub(crate) fn schema(table: &Table) -> Result<Schema> {
    let fields = table
        .columns
        .iter()
        .map(|column| NestedField::new(column.id, column.name, column_type(column), column.required).into());
    Ok(Schema::builder().with_fields(fields).build()?)
}

/// Returns a column that is added to a table that has rows. The column and its nested fields get the next ids.
pub(crate) fn added_field(column: &Column, ids: &mut impl Iterator<Item = i32>) -> NestedField {
    let id = ids.next().unwrap_or_default();
    NestedField::optional(id, column.name, nested_type(column.r#type, ids))
}

/// Returns the field id of a column.
fn field_id(table: &Table, name: &str) -> Result<i32> {
    let column = table.column(name).ok_or_else(|| Error::Schema {
        table: table.name.to_owned(),
        reason: format!("the definition names a column `{name}` that it does not have"),
    })?;
    Ok(column.id)
}

/// Returns the Iceberg type of a column.
fn column_type(column: &Column) -> Type {
    nested_type(column.r#type, &mut column.nested_ids.iter().copied())
}

/// Returns the Iceberg type, with nested fields numbered from `ids`, outermost first.
fn nested_type(r#type: ColumnType, ids: &mut impl Iterator<Item = i32>) -> Type {
    // A definition with too few ids is a bug. With the id 0, the builder of the schema refuses it.
    let mut next = || ids.next().unwrap_or_default();
    match r#type {
        ColumnType::Boolean => Type::Primitive(PrimitiveType::Boolean),
        ColumnType::Int => Type::Primitive(PrimitiveType::Int),
        ColumnType::Long => Type::Primitive(PrimitiveType::Long),
        ColumnType::Double => Type::Primitive(PrimitiveType::Double),
        ColumnType::String => Type::Primitive(PrimitiveType::String),
        ColumnType::Timestamp => Type::Primitive(PrimitiveType::Timestamptz),
        ColumnType::StringMap => {
            let string = Type::Primitive(PrimitiveType::String);
            let key = NestedField::map_key_element(next(), string.clone());
            let value = NestedField::map_value_element(next(), string, true);
            Type::Map(MapType::new(key.into(), value.into()))
        }
        ColumnType::List(element) => {
            let id = next();
            let element = NestedField::list_element(id, nested_type(*element, ids), true);
            Type::List(ListType::new(element.into()))
        }
    }
}

/// Returns the table properties that other writers, and maintenance by other engines, should follow.
fn properties(table: &Table) -> HashMap<String, String> {
    let fixed = [
        ("write.format.default", "parquet"),
        ("write.parquet.compression-codec", "zstd"),
        ("write.parquet.compression-level", "1"),
        ("write.metadata.delete-after-commit.enabled", "true"),
        ("write.metadata.previous-versions-max", "20"),
        ("history.expire.min-snapshots-to-keep", "100"),
    ];
    let blooms = table.bloom_columns.iter().map(|name| {
        let key = format!("write.parquet.bloom-filter-enabled.column.{name}");
        (key, "true".to_owned())
    });
    fixed
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .chain(blooms)
        .collect()
}
