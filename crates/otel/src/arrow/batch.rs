//! Assembles columns into record batches.

use arrow_array::RecordBatch;

use super::column::Column;
use super::schema::arrow_schema;
use crate::table::Table;

/// Builders with the names of their columns.
pub(super) type NamedColumns<'a> = Vec<(&'static str, &'a mut dyn Column)>;

/// Finishes the columns into a batch. They must be all columns of the table, in its order.
pub(super) fn finish(table: &Table, columns: NamedColumns<'_>) -> RecordBatch {
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

/// Defines a struct of column builders. A line is a column: the field, its builder, the name of the column, and the
/// statement that appends a row to it. A group of columns has `..` in place of a name.
///
/// ```text
/// columns! {
///     struct Columns(row: &LogRow<'_>) {
///         timestamp: TimeColumn, "Timestamp" => timestamp.append_value(row.timestamp);
///         promoted: PromotedColumns, .. => promoted.append(&row.promoted);
///     }
/// }
/// ```
///
/// The struct has `default()`, `append(row)`, and `columns()`, which returns the builders with their names in the order
/// of the lines.
macro_rules! columns {
    (
        $(#[$doc:meta])*
        struct $Columns:ident($($argument:ident: $Argument:ty),*) {
            $($field:ident: $Builder:ty, $name:tt => $append:expr;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(in crate::arrow) struct $Columns {
            $($field: $Builder,)*
        }

        impl $Columns {
            pub(in crate::arrow) fn append(&mut self, $($argument: $Argument),*) {
                let Self { $($field),* } = self;
                $($append;)*
            }

            #[allow(clippy::vec_init_then_push, reason = "some of the lines are groups of columns")]
            pub(in crate::arrow) fn columns(&mut self) -> $crate::arrow::batch::NamedColumns<'_> {
                let mut columns = $crate::arrow::batch::NamedColumns::new();
                $(columns!(@list columns, $name, &mut self.$field);)*
                columns
            }
        }
    };
    (@list $columns:ident, .., $group:expr) => { $columns.extend($group.columns()) };
    (@list $columns:ident, $name:literal, $column:expr) => { $columns.push(($name, $column)) };
}

pub(super) use columns;
