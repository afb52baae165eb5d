//! Compaction, which merges many small data files and replaces them with the result.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use iceberg::spec::{DataFile, Operation};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::commit::{Change, Commit, commit};
use crate::error::{Error, Result};
use crate::lake_file::day;
use crate::manifests::Files;
use crate::table::OpenTable;
use crate::write::{self, DataFileWriter};

/// Writes the rows of the files into one new file for each day; see [`Lake::merge`](crate::Lake::merge).
pub(crate) async fn merge(table: &Arc<OpenTable>, files: Vec<DataFile>) -> Result<Vec<DataFile>> {
    write::write_or_delete(table, move |table, merged| merge_days(table, &files, merged)).await
}

/// Replaces files in one commit; see [`Lake::replace`](crate::Lake::replace).
pub(crate) async fn replace(table: &OpenTable, old: &[DataFile], new: &[DataFile]) -> Result<Commit> {
    let removed: HashSet<String> = old.iter().map(|file| file.file_path().to_owned()).collect();
    let change = Change {
        operation: Operation::Replace,
        files: Files {
            added: new,
            removed: &removed,
        },
        wal: None,
        new_writer: false,
    };
    // Only a commit with a log position can be a repeat.
    commit(table, change).await?.ok_or_else(|| Error::NotCurrent {
        table: table.definition.name.to_owned(),
        missing: 0,
    })
}

/// Merges the files of each day into one, and adds the new files to `merged`.
fn merge_days(table: &OpenTable, files: &[DataFile], merged: &mut Vec<DataFile>) -> Result<()> {
    let mut days: Vec<i32> = files.iter().map(|file| day(file.partition())).collect();
    days.sort_unstable();
    days.dedup();
    for one in days {
        let of_day = files.iter().filter(|file| day(file.partition()) == one);
        merged.push(merge_files(table, one, &of_day.collect::<Vec<_>>())?);
    }
    Ok(())
}

/// Merges files of one day, row group by row group.
fn merge_files(table: &OpenTable, day: i32, files: &[&DataFile]) -> Result<DataFile> {
    let rows: u64 = files.iter().map(|file| file.record_count()).sum();
    let mut writer = DataFileWriter::create(table, day, usize::try_from(rows).unwrap_or(usize::MAX))?;
    let most = table.config.layout.row_group_rows;
    let mut pending = Vec::new();
    let mut count = 0;
    for file in files {
        let input = table.storage.open(file.file_path())?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(input)?
            .with_batch_size(8 * 1024)
            .build()?;
        for batch in reader {
            let mut batch = batch?;
            while count + batch.num_rows() > most {
                let fits = most - count;
                pending.push(batch.slice(0, fits));
                batch = batch.slice(fits, batch.num_rows() - fits);
                flush(table, &mut writer, &mut pending)?;
                count = 0;
            }
            count += batch.num_rows();
            pending.push(batch);
        }
    }
    flush(table, &mut writer, &mut pending)?;
    writer.close()
}

/// Writes the pending rows as one sorted row group.
fn flush(table: &OpenTable, writer: &mut DataFileWriter<'_>, pending: &mut Vec<RecordBatch>) -> Result<()> {
    let Some(first) = pending.first() else {
        return Ok(());
    };
    let batch = write::conform(table, &concat_batches(&first.schema(), pending.iter())?)?;
    pending.clear();
    let order = write::order(table, &batch)?.map(UInt32Array::from);
    writer.write(&batch, order.as_ref())
}
