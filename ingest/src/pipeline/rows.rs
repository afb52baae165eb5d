//! Rows between the log and a table. Their `RowId` is the log position until a commit adds the writer number to it.

use std::{collections::HashSet, sync::Arc};

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};

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

/// Returns the number of rows, from the first on, that have at most so many different days.
pub fn of_days(batch: &RecordBatch, time_column: &str, most_days: usize) -> usize {
    const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
    let times = batch
        .column_by_name(time_column)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let Some(times) = times else {
        return batch.num_rows();
    };
    let mut days = HashSet::new();
    let is_beyond = |time: &i64| days.insert(time.div_euclid(DAY_MICROS)) && days.len() > most_days;
    let end = times.values().iter().position(is_beyond);
    end.unwrap_or(batch.num_rows())
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
    use arrow_array::TimestampMicrosecondArray;

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

    #[test]
    fn rows_are_cut_by_days() {
        const DAY: i64 = 86_400_000_000;
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![
            DAY,
            2 * DAY,
            DAY,
            3 * DAY,
            -1,
            0,
        ]));
        let batch = RecordBatch::try_from_iter([("Timestamp", times)]).expect("a batch");
        let rows = |most| of_days(&batch, "Timestamp", most);
        assert_eq!([1, 2, 3, 4, 5].map(rows), [1, 3, 4, 5, 6]);
    }
}
