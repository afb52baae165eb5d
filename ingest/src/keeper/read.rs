//! Reads landed files.

use std::fs::File;

use arrow_array::RecordBatch;
use lakefront_lake::{Lake, LakeFile, TableState};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::{Error, Result};

/// Rows that are read at once.
pub const BATCH_ROWS: usize = 8_192;

/// Opens a landed file for reading from row `from` on. With `columns`, reads only those.
pub async fn open(
    landing: &Lake,
    table: &str,
    state: &TableState,
    file: &LakeFile,
    from: u64,
    columns: Option<&'static [&'static str]>,
) -> Result<ParquetRecordBatchReader> {
    let path = file.file.file_path();
    let below = state.path(file).ok_or_else(|| Error::Outside {
        path: path.to_owned(),
    })?;
    let opened = landing.open_file(table, below).await?;
    let read = tokio::task::spawn_blocking(move || reader(opened, from, columns)).await;
    read.map_err(lakefront_lake::Error::from)?
        .map_err(|error| failed(path, error))
}

/// Returns the error for a file that cannot be read.
pub fn failed(path: &str, reason: impl ToString) -> Error {
    Error::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn reader(
    file: File,
    from: u64,
    columns: Option<&[&str]>,
) -> parquet::errors::Result<ParquetRecordBatchReader> {
    // A sink may note Arrow types of its own, such as views of texts.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .with_offset(usize::try_from(from).unwrap_or(usize::MAX))
        .build()
}

/// Returns the next rows of a file.
pub fn next(reader: &mut ParquetRecordBatchReader, path: &str) -> Result<Option<RecordBatch>> {
    reader.next().transpose().map_err(|error| failed(path, error))
}
