//! Assembles columns into record batches.

use arrow_array::RecordBatch;

use super::column::Column;
use super::schema::arrow_schema;
use crate::table::Table;

/// Finishes the columns into a batch. They must be all columns of the table, in its order.
pub(super) fn finish(table: &Table, columns: Vec<(&str, &mut dyn Column)>) -> RecordBatch {
    let schema = arrow_schema(table);
    let arrays = schema
        .fields()
        .iter()
        .zip(columns)
        .map(|(field, (name, column))| {
            assert_eq!(field.name(), name, "columns of {} are out of order", table.name);
            column.finish_as(field.data_type())
        })
        .collect();
    RecordBatch::try_new(schema, arrays)
        .expect("builders follow the definition of their table, which a test checks")
}

/// Lists fields with the names of their columns: `columns!(self; timestamp = "Timestamp", …)`.
macro_rules! columns {
    ($columns:expr; $($field:ident = $name:literal,)*) => {
        vec![$(($name, &mut $columns.$field as &mut dyn $crate::arrow::column::Column)),*]
    };
}

pub(super) use columns;
