//! Writing record batches as sorted Parquet data files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array, new_null_array};
use arrow_buffer::Buffer;
use arrow_schema::{Field, SchemaRef};
use arrow_select::take::take;
use iceberg::spec::DataFile;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::file::writer::SerializedFileWriter;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::table::OpenTable;
use crate::{column_bounds, lake_file, schema_evolution, sort};

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Writes the rows as sorted data files; see [`Lake::write`](crate::Lake::write).
pub(crate) async fn write_batch(table: &Arc<OpenTable>, batch: RecordBatch) -> Result<Vec<DataFile>> {
    let schema = schema_evolution::writable_schema(table).await?;
    write_or_delete(table, move |table, files| {
        write_days(table, &schema, &batch, files)
    })
    .await
}

/// Runs `write` on the blocking pool. If it fails, deletes the files that it has finished.
pub(crate) async fn write_or_delete(
    table: &Arc<OpenTable>,
    write: impl FnOnce(&OpenTable, &mut Vec<DataFile>) -> Result<()> + Send + 'static,
) -> Result<Vec<DataFile>> {
    let writing = Arc::clone(table);
    let (files, written) = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        let written = write(&writing, &mut files);
        (files, written)
    })
    .await?;
    if let Err(error) = written {
        table.storage.forget_keys().await;
        table.delete(&files).await;
        return Err(error);
    }
    Ok(files)
}

/// Writes the rows as sorted data files, one for each UTC day, and adds them to `files`.
fn write_days(
    table: &OpenTable,
    schema: &SchemaRef,
    batch: &RecordBatch,
    files: &mut Vec<DataFile>,
) -> Result<()> {
    let batch = conform(table, schema, batch)?;
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let order = order(table, &batch)?;
    let times = column(table, &batch, table.definition.time_column)?;
    let times = times.as_primitive::<TimestampMicrosecondType>().values();
    for (day, rows) in days(times, order) {
        files.push(write_day(table, &batch, day, rows.as_ref())?);
    }
    Ok(())
}

/// Returns the batch with the columns and types of the schema, in its order.
///
/// An optional column that the batch lacks is null: another program may have added it to the table.
///
/// # Errors
/// [`Error::Batch`] when a required column is missing or a column can't be cast.
pub(crate) fn conform(table: &OpenTable, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let unfit = |reason: String| Error::Batch {
        table: table.definition.name.to_owned(),
        reason,
    };
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast(table, field, column),
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), batch.num_rows())),
            None => Err(unfit(format!("column `{}` is missing", field.name()))),
        });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| unfit(error.to_string()))
}

/// Returns the column with the type of the table's field. A cast copies no values where only the names and ids of
/// nested fields differ.
///
/// # Errors
/// [`Error::Batch`] when the column can't be cast.
pub(crate) fn cast(table: &OpenTable, field: &Field, column: &ArrayRef) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(with_address(Arc::clone(column)));
    }
    let cast = arrow_cast::cast(column, field.data_type());
    cast.map(with_address).map_err(|error| Error::Batch {
        table: table.definition.name.to_owned(),
        reason: format!("column `{}`: {error}", field.name()),
    })
}

/// Returns the batch with [readable](with_address) columns.
pub(crate) fn readable(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .map(|column| with_address(Arc::clone(column)));
    Ok(RecordBatch::try_new(batch.schema(), columns.collect())?)
}

/// Returns the column. If it holds only empty strings, their values get an address that can be read.
///
/// Arrow allows a dangling pointer there. With AVX-512, comparing zero bytes in an unmapped page is legal but a hundred
/// times slower: glibc's masked loads then need the help of microcode. Half of ingest's time was spent on that.
fn with_address(column: ArrayRef) -> ArrayRef {
    match column.as_string_opt::<i32>() {
        Some(strings) if strings.values().is_empty() => {
            let readable = Buffer::from_vec(vec![0_u8; 64]);
            Arc::new(StringArray::new(
                strings.offsets().clone(),
                readable,
                strings.nulls().cloned(),
            ))
        }
        _ => column,
    }
}

/// Returns the rows in the table's sort order, or `None` if they are in that order already.
pub(crate) fn order(table: &OpenTable, batch: &RecordBatch) -> Result<Option<Vec<u32>>> {
    let keys = table
        .definition
        .sort_order
        .iter()
        .map(|name| column(table, batch, name).cloned());
    sort::order(&keys.collect::<Result<Vec<_>>>()?)
}

fn column<'a>(table: &OpenTable, batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| Error::Batch {
        table: table.definition.name.to_owned(),
        reason: format!("column `{name}` is missing"),
    })
}

/// Returns the rows of each day, in order; a day with `None` has all rows as they are. Days are since 1970-01-01 UTC.
fn days(times: &[i64], order: Option<Vec<u32>>) -> BTreeMap<i32, Option<UInt32Array>> {
    let day = |time: i64| {
        i32::try_from(time.div_euclid(DAY_MICROS)).unwrap_or(if time < 0 { i32::MIN } else { i32::MAX })
    };
    let first = times.iter().copied().min().map_or(0, day);
    let last = times.iter().copied().max().map_or(0, day);
    if first == last {
        return BTreeMap::from([(first, order.map(UInt32Array::from))]);
    }
    let order = order.unwrap_or_else(|| (0..times.len() as u32).collect());
    let mut days: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
    for row in order {
        days.entry(day(times[row as usize])).or_default().push(row);
    }
    days.into_iter()
        .map(|(day, rows)| (day, Some(UInt32Array::from(rows))))
        .collect()
}

fn write_day(
    table: &OpenTable,
    batch: &RecordBatch,
    day: i32,
    rows: Option<&UInt32Array>,
) -> Result<DataFile> {
    let count = rows.map_or(batch.num_rows(), |rows| rows.len());
    let mut writer = DataFileWriter::create(table, &batch.schema(), day, count)?;
    writer.write(batch, rows, || Ok(()))?;
    writer.close()
}

/// A data file that is being written. Dropping it deletes the file unless `is_kept` is set.
struct Unfinished<'a> {
    table: &'a OpenTable,
    location: String,
    is_kept: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.table.storage.abandon(&self.location);
        }
    }
}

/// A writer of one data file. The file is deleted if the writer is dropped before it is closed.
pub(crate) struct DataFileWriter<'a> {
    table: &'a OpenTable,
    schema: SchemaRef,
    location: String,
    day: i32,
    rows: u64,
    /// Number of batches that were written. Each is sorted, but several together are not.
    batches: usize,
    file: SerializedFileWriter<BufWriter<File>>,
    columns: ArrowRowGroupWriterFactory,
    row_groups: usize,
    unfinished: Unfinished<'a>,
}

impl<'a> DataFileWriter<'a> {
    /// Creates a data file in the partition of `day` (days since 1970-01-01 UTC), for about `rows` rows. `schema` has
    /// the columns of the batches, with their field ids.
    pub(crate) fn create(table: &'a OpenTable, schema: &SchemaRef, day: i32, rows: usize) -> Result<Self> {
        let date = lake_file::date(day);
        let location = format!(
            "{}/data/{}_day={date}/{}.parquet",
            table.location,
            table.definition.time_column,
            Uuid::now_v7()
        );
        let file = table.storage.create(&location)?;
        let unfinished = Unfinished {
            table,
            location: location.clone(),
            is_kept: false,
        };
        let layout = &table.config.layout;
        let properties = layout.properties(table.definition, rows.min(layout.row_group_rows))?;
        let parquet_schema = ArrowSchemaConverter::new().convert(schema)?;
        let file = SerializedFileWriter::new(
            BufWriter::with_capacity(1 << 20, file),
            parquet_schema.root_schema_ptr(),
            Arc::new(properties),
        )?;
        Ok(Self {
            table,
            schema: Arc::clone(schema),
            location,
            day,
            rows: 0,
            batches: 0,
            columns: ArrowRowGroupWriterFactory::new(&file, Arc::clone(schema)),
            file,
            row_groups: 0,
            unfinished,
        })
    }

    /// Appends the given rows of the batch, or all if `None`. Calls `rest` after each column.
    ///
    /// Rows are picked column by column, just before the column is encoded, so that no sorted copy of the batch is in
    /// memory.
    pub(crate) fn write(
        &mut self,
        batch: &RecordBatch,
        rows: Option<&UInt32Array>,
        rest: impl Fn() -> Result<()>,
    ) -> Result<()> {
        let count = rows.map_or(batch.num_rows(), |rows| rows.len());
        let most = self.table.config.layout.row_group_rows;
        for start in (0..count).step_by(most) {
            let length = most.min(count - start);
            let picked = rows.map(|rows| rows.slice(start, length));
            let mut writers = self.columns.create_column_writers(self.row_groups)?.into_iter();
            let mut group = self.file.next_row_group()?;
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                let column = match &picked {
                    Some(picked) => with_address(take(column, picked, None)?),
                    None => column.slice(start, length),
                };
                for (leaf, mut writer) in compute_leaves(field, &column)?.into_iter().zip(writers.by_ref()) {
                    writer.write(&leaf)?;
                    writer.close()?.append_to_row_group(&mut group)?;
                }
                rest()?;
            }
            group.close()?;
            self.row_groups += 1;
        }
        self.rows += count as u64;
        self.batches += 1;
        Ok(())
    }

    /// Returns the number of bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.file.bytes_written() as u64
    }

    /// Returns the number of rows written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Finishes the file, makes it durable, and returns its description for a manifest.
    pub(crate) fn close(mut self) -> Result<DataFile> {
        let metadata = self.file.finish()?;
        let bytes = self.file.bytes_written() as u64;
        let buffer = self.file.inner_mut();
        let flushed = buffer.flush().and_then(|()| buffer.get_ref().try_clone());
        let file = flushed.map_err(Error::io(&self.location))?;
        self.table.storage.put(file, &self.location)?;
        let sorted = self.batches == 1;
        let file = column_bounds::data_file(self.table, self.location, self.day, bytes, sorted, &metadata)?;
        self.unfinished.is_kept = true;
        Ok(file)
    }
}
