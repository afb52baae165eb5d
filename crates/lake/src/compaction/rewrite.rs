//! Rewriting data files of one day as fewer files with the same rows.
//!
//! The files are read one after another, oldest rows first. Each row group that is written is sorted, and holds rows of
//! a short time. Readers thereby skip row groups by time, and pages by the sort order. One row group is in memory at a
//! time, whatever the number of files.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array, new_null_array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use iceberg::spec::{DataFile, PrimitiveLiteral};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::compaction::pace::Pace;
use crate::erasure::condition::Condition;
use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::write::{self, DataFileWriter};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1024;
/// Share of the memory that holds rows: they are copied once when a row group is sorted, and encoded column by column.
const MEMORY_TO_ROWS: usize = 3;

/// The bounds of a rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Size of the new files, in bytes.
    pub target_bytes: u64,
    /// Memory of the rewrite, in bytes.
    pub memory_bytes: usize,
}

/// The rows that are rewritten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// The partition, in days since 1970-01-01 UTC.
    pub day: i32,
    /// The files with the rows.
    pub files: &'a [DataFile],
    /// Selects the rows that are left out.
    pub without: Option<&'a Condition>,
}

/// Writes the rows as new files, and adds these to `written`.
///
/// # Errors
/// [`Error::Rows`] when the files do not have as many rows as their manifests say, [`Error::Batch`] when one lacks a
/// required column, [`Error::Stopped`], and I/O errors.
pub(crate) fn rewrite(
    table: &OpenTable,
    schema: &SchemaRef,
    input: Input<'_>,
    limits: Limits,
    pace: &Pace,
    written: &mut Vec<DataFile>,
) -> Result<()> {
    let Input { day, files, without } = input;
    let mut files: Vec<&DataFile> = files.iter().collect();
    files.sort_by_key(|file| earliest(table, schema, file));
    let expected: u64 = files.iter().map(|file| file.record_count()).sum();
    let mut output = Output {
        table,
        schema,
        day,
        limits,
        rows_left: expected,
        pending: Vec::new(),
        pending_rows: 0,
        pending_bytes: 0,
        writer: None,
        written,
    };
    let mut left_out = 0;
    for file in files {
        let input = table.storage.open(file.file_path())?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(input)?
            .with_batch_size(BATCH_ROWS)
            .build()?;
        for batch in reader {
            let mut batch = conform(table, schema, &batch?)?;
            if let Some(condition) = without {
                let selected = condition.select(table.definition, &batch);
                left_out += selected.true_count() as u64;
                batch = filter_record_batch(&batch, &BooleanArray::new(!selected.values(), None))?;
            }
            output.push(batch, pace)?;
        }
        pace.rest()?;
    }
    output.finish(pace)?;
    let found: u64 = written.iter().map(DataFile::record_count).sum();
    if found + left_out != expected {
        return Err(Error::Rows {
            table: table.definition.name.to_owned(),
            expected,
            found: found + left_out,
        });
    }
    Ok(())
}

/// Returns the lower bound of a file's time, in microseconds since 1970 UTC; the highest number if it has none.
fn earliest(table: &OpenTable, schema: &Schema, file: &DataFile) -> i64 {
    let time = schema.field_with_name(table.definition.time_column).ok();
    let bound = time
        .and_then(field_id)
        .and_then(|id| file.lower_bounds().get(&id));
    match bound.map(iceberg::spec::Datum::literal) {
        Some(PrimitiveLiteral::Long(micros)) => *micros,
        _ => i64::MAX,
    }
}

/// Returns the Iceberg id of a field.
fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY)?.parse().ok()
}

/// Returns the batch of a data file with the columns of the table's current schema.
///
/// Columns are found by their id, because they may have been renamed; by name in a file without ids. A column that the
/// file lacks is null.
pub(crate) fn conform(table: &OpenTable, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match position(&batch.schema(), field) {
            Some(index) => write::cast(table, field, batch.column(index)),
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), batch.num_rows())),
            None => Err(Error::Batch {
                table: table.definition.name.to_owned(),
                reason: format!("a data file lacks the required column `{}`", field.name()),
            }),
        });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| Error::Batch {
        table: table.definition.name.to_owned(),
        reason: error.to_string(),
    })
}

/// Returns the position of a column of the table in a data file.
pub(crate) fn position(of_file: &Schema, field: &Field) -> Option<usize> {
    let has_ids = of_file.fields().iter().any(|field| field_id(field).is_some());
    of_file.fields().iter().position(|other| match has_ids {
        true => field_id(other) == field_id(field),
        false => other.name() == field.name(),
    })
}

/// The new files: rows that wait for a row group, and the file that is being written.
struct Output<'a> {
    table: &'a OpenTable,
    schema: &'a SchemaRef,
    day: i32,
    limits: Limits,
    /// Number of rows that are not in a row group yet.
    rows_left: u64,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
    writer: Option<DataFileWriter<'a>>,
    written: &'a mut Vec<DataFile>,
}

impl Output<'_> {
    /// Adds rows. Writes a row group once it is full or its memory is used up.
    fn push(&mut self, mut batch: RecordBatch, pace: &Pace) -> Result<()> {
        let most = self.table.config.layout.row_group_rows;
        while self.pending_rows + batch.num_rows() >= most {
            let fits = most - self.pending_rows;
            self.add(batch.slice(0, fits));
            batch = batch.slice(fits, batch.num_rows() - fits);
            self.flush(pace)?;
        }
        if batch.num_rows() > 0 {
            self.pending_bytes += batch.get_array_memory_size();
            self.add(batch);
        }
        if self.pending_bytes > self.limits.memory_bytes / MEMORY_TO_ROWS {
            self.flush(pace)?;
        }
        Ok(())
    }

    fn add(&mut self, batch: RecordBatch) {
        self.pending_rows += batch.num_rows();
        self.pending.push(batch);
    }

    /// Writes the pending rows as one sorted row group, and ends the file once it is large enough.
    ///
    /// Requests are acknowledged meanwhile. A row group is work of up to a second, so that it is done in pieces.
    fn flush(&mut self, pace: &Pace) -> Result<()> {
        if self.pending_rows == 0 {
            return Ok(());
        }
        let batch = concat_batches(self.schema, self.pending.iter())?;
        self.pending.clear();
        (self.pending_rows, self.pending_bytes) = (0, 0);
        let batch = write::readable(&batch)?;
        pace.rest()?;
        let order = write::order(self.table, &batch)?.map(UInt32Array::from);
        pace.rest()?;
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let rows = usize::try_from(self.rows_left).unwrap_or(usize::MAX);
                DataFileWriter::create(self.table, self.schema, self.day, rows)?
            }
        };
        writer.write(&batch, order.as_ref(), || pace.rest())?;
        self.rows_left = self.rows_left.saturating_sub(batch.num_rows() as u64);
        // A small rest goes into the same file.
        let rest = writer.bytes() / writer.rows().max(1) * self.rows_left;
        if writer.bytes() >= self.limits.target_bytes && rest > self.limits.target_bytes / 3 * 2 {
            self.written.push(writer.close()?);
        } else {
            self.writer = Some(writer);
        }
        Ok(())
    }

    fn finish(mut self, pace: &Pace) -> Result<()> {
        self.flush(pace)?;
        if let Some(writer) = self.writer.take() {
            self.written.push(writer.close()?);
        }
        Ok(())
    }
}
