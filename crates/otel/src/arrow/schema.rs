//! The Arrow schemas of the tables, equal to those that the iceberg crate derives from Iceberg schemas, field ids
//! included.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::table::{Column, ColumnType, Table};
use crate::tables::tables;

/// Key of the metadata in which the iceberg crate and Parquet writers expect a field's id.
const FIELD_ID: &str = "PARQUET:field_id";

/// Time zone of `timestamptz`, as the iceberg crate names it.
pub(super) const UTC: &str = "+00:00";

/// Returns the schema of the table's record batches.
pub fn arrow_schema(table: &Table) -> SchemaRef {
    static SCHEMAS: LazyLock<HashMap<&'static str, SchemaRef>> = LazyLock::new(|| {
        tables()
            .iter()
            .map(|table| (table.name, Arc::new(schema(table))))
            .collect()
    });
    SCHEMAS
        .get(table.name)
        .map_or_else(|| Arc::new(schema(table)), Arc::clone)
}

fn schema(table: &Table) -> Schema {
    Schema::new(table.columns.iter().map(column_field).collect::<Fields>())
}

fn column_field(column: &Column) -> Field {
    field(
        column.name,
        column.id,
        data_type(column.r#type, &column.nested_ids),
        !column.required,
    )
}

fn field(name: &str, id: i32, data_type: DataType, nullable: bool) -> Field {
    let metadata = HashMap::from([(FIELD_ID.to_owned(), id.to_string())]);
    Field::new(name, data_type, nullable).with_metadata(metadata)
}

/// Returns the Arrow type of a column. Its nested fields get the ids, outermost first.
fn data_type(r#type: ColumnType, ids: &[i32]) -> DataType {
    match (r#type, ids) {
        (ColumnType::Boolean, _) => DataType::Boolean,
        (ColumnType::Int, _) => DataType::Int32,
        (ColumnType::Long, _) => DataType::Int64,
        (ColumnType::Double, _) => DataType::Float64,
        (ColumnType::String, _) => DataType::Utf8,
        (ColumnType::Timestamp, _) => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        (ColumnType::StringMap, &[key, value]) => {
            let entry = Fields::from(vec![
                field("key", key, DataType::Utf8, false),
                field("value", value, DataType::Utf8, false),
            ]);
            DataType::Map(
                Arc::new(Field::new("key_value", DataType::Struct(entry), false)),
                false,
            )
        }
        (ColumnType::List(element), [id, nested @ ..]) => DataType::List(Arc::new(field(
            "element",
            *id,
            data_type(*element, nested),
            false,
        ))),
        (ColumnType::StringMap | ColumnType::List(_), ids) => {
            unreachable!("{type:?} was numbered with {ids:?}")
        }
    }
}
