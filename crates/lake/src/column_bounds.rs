//! The description of a data file in its manifest, with the column bounds by which readers skip the file.

use std::collections::HashMap;

use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum, Literal, Struct};
use lakefront_otel::{Column, ColumnType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use crate::error::{Error, Result};
use crate::table::OpenTable;

/// Id of the order of a file that is not sorted as a whole (Iceberg specification, "Sort orders").
const UNSORTED: i32 = 0;

/// Returns the manifest's description of a data file, with bounds of the sort columns and the time column.
///
/// `sorted` is true if the whole file is in the table's sort order. Readers may rely on that.
///
/// Other columns have no bounds: every reader reads the bounds of every file, and files hardly differ in those columns.
pub(crate) fn data_file(
    table: &OpenTable,
    location: String,
    day: i32,
    bytes: u64,
    sorted: bool,
    parquet: &ParquetMetaData,
) -> Result<DataFile> {
    let mut lower = HashMap::new();
    let mut upper = HashMap::new();
    let definition = table.definition;
    let bounded = definition.columns.iter().filter(|column| {
        definition.sort_order.contains(&column.name) || column.name == definition.time_column
    });
    for column in bounded {
        if let Some((id, low, high)) = bounds(column, parquet) {
            lower.insert(id, low);
            upper.insert(id, high);
        }
    }
    let splits = parquet
        .row_groups()
        .iter()
        .filter_map(|group| group.file_offset());
    DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_path(location)
        .file_format(DataFileFormat::Parquet)
        .partition(Struct::from_iter([Some(Literal::date(day))]))
        .partition_spec_id(table.partition_spec_id)
        .sort_order_id(if sorted { table.sort_order_id } else { UNSORTED })
        .record_count(parquet.file_metadata().num_rows().cast_unsigned())
        .file_size_in_bytes(bytes)
        .lower_bounds(lower)
        .upper_bounds(upper)
        .split_offsets(Some(splits.collect()))
        .build()
        .map_err(|error| {
            let error = iceberg::Error::new(iceberg::ErrorKind::DataInvalid, error.to_string());
            Error::Iceberg(error)
        })
}

/// Returns the field id of a column and its bounds over all row groups; `None` if a row group has no statistics.
fn bounds(column: &Column, parquet: &ParquetMetaData) -> Option<(i32, Datum, Datum)> {
    let schema = parquet.file_metadata().schema_descr();
    let index =
        (0..schema.num_columns()).find(|index| schema.column(*index).path().parts() == [column.name])?;
    let mut bounds: Option<(Datum, Datum)> = None;
    for group in parquet.row_groups() {
        let (low, high) = group_bounds(column.r#type, group.column(index).statistics()?)?;
        bounds = Some(match bounds {
            None => (low, high),
            Some((lowest, highest)) => (
                if low < lowest { low } else { lowest },
                if high > highest { high } else { highest },
            ),
        });
    }
    let field = schema.column(index);
    let (low, high) = bounds?;
    Some((field.self_type().get_basic_info().id(), low, high))
}

/// Returns the bounds of a column in one row group, from the row group's statistics.
fn group_bounds(r#type: ColumnType, statistics: &Statistics) -> Option<(Datum, Datum)> {
    let pair = |low, high| Some((low, high));
    match (r#type, statistics) {
        (ColumnType::Timestamp, Statistics::Int64(values)) => pair(
            Datum::timestamptz_micros(*values.min_opt()?),
            Datum::timestamptz_micros(*values.max_opt()?),
        ),
        (ColumnType::Long, Statistics::Int64(values)) => {
            pair(Datum::long(*values.min_opt()?), Datum::long(*values.max_opt()?))
        }
        (ColumnType::Int, Statistics::Int32(values)) => {
            pair(Datum::int(*values.min_opt()?), Datum::int(*values.max_opt()?))
        }
        // Long strings are cut, and a cut maximum is rounded up, so both remain valid bounds.
        (ColumnType::String, Statistics::ByteArray(values)) => pair(
            Datum::string(values.min_opt()?.as_utf8().ok()?),
            Datum::string(values.max_opt()?.as_utf8().ok()?),
        ),
        _ => None,
    }
}
