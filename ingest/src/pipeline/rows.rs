//! Rows between the log and a table. Their `RowId` is the log position until a commit adds the writer number to it.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, cast::AsArray, types::Int64Type};

use crate::wal::Identity;

const ROW_ID: &str = "RowId";

/// Returns the rows after a position of the log. The rows must be in the order of the log.
pub fn after(batch: &RecordBatch, position: u64) -> RecordBatch {
    let held = positions(batch).map_or(0, |positions| {
        positions
            .values()
            .partition_point(|row| row.cast_unsigned() <= position)
    });
    batch.slice(held, batch.num_rows() - held)
}

/// Returns the position of the last row.
pub fn last(batch: &RecordBatch) -> Option<u64> {
    Some(positions(batch)?.values().last()?.cast_unsigned())
}

/// Returns the rows with `RowId`s that contain the writer number.
///
/// # Errors
/// Returns no error in practice: the column keeps its type and length.
pub fn numbered(batch: &RecordBatch, writer: u16) -> Result<RecordBatch, lakefront_lake::Error> {
    let schema = batch.schema();
    let numbered = |(field, column): (&Arc<arrow_schema::Field>, &ArrayRef)| -> ArrayRef {
        match column.as_primitive_opt::<Int64Type>() {
            Some(positions) if field.name() == ROW_ID => {
                let ids = positions.values().iter();
                Arc::new(Int64Array::from_iter_values(
                    ids.map(|position| Identity::row_id(writer, position.cast_unsigned())),
                ))
            }
            _ => Arc::clone(column),
        }
    };
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(numbered)
        .collect();
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn positions(batch: &RecordBatch) -> Option<&Int64Array> {
    batch.column_by_name(ROW_ID)?.as_primitive_opt::<Int64Type>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_by_position_and_numbered() {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![3, 4, 9]));
        let batch = RecordBatch::try_from_iter([(ROW_ID, ids)]).expect("a batch");
        assert_eq!(after(&batch, 2).num_rows(), 3);
        assert_eq!(after(&batch, 9).num_rows(), 0);
        let rest = after(&batch, 5);
        assert_eq!((rest.num_rows(), last(&rest)), (1, Some(9)));
        let numbered = numbered(&rest, 7).expect("numbered");
        assert_eq!(positions(&numbered).expect("ids").values(), &[(7 << 48) + 9]);
    }
}
