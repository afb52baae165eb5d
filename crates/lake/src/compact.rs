//! Compaction, which merges many small data files and replaces them with the result.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use iceberg::spec::{DataFile, Operation};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::commit::Change;
use crate::error::{Error, Result};
use crate::lake::{Commit, Lake};
use crate::manifests::{self, Files};
use crate::table::OpenTable;
use crate::write::{self, DataFileWriter};

impl Lake {
    /// Writes the rows of the files into one new file for each day. The new files are durable, but visible only after
    /// [`Lake::replace`].
    ///
    /// Row groups follow the order of the files (pass the oldest first) and are sorted within. Readers thereby skip by
    /// time and by the sort order. One row group is in memory at a time. The work runs on the blocking pool.
    ///
    /// # Errors
    /// When a file can't be read or written. Nothing was committed, and the new files are deleted.
    pub async fn merge(&self, table: &str, files: &[DataFile]) -> Result<Vec<DataFile>> {
        let table = self.table(table)?;
        let (writing, old) = (Arc::clone(table), files.to_vec());
        self.write_whole(table, move |files| merge(&writing, &old, files))
            .await
    }

    /// Replaces files in one commit with new ones that hold the same rows.
    ///
    /// The new files get the highest data sequence number of the old ones, by which a reader that tracks files
    /// recognises a compaction. The old files stay on disk for
    /// [`LakeConfig::keep_replaced`](crate::LakeConfig::keep_replaced).
    ///
    /// # Errors
    /// [`Error::NotCurrent`] when an old file is not in the current snapshot; else the same as of [`Lake::append`].
    pub async fn replace(&self, table: &str, old: &[DataFile], new: &[DataFile]) -> Result<Commit> {
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
        let table = self.table(table)?;
        let committed = self.commit(table, change).await?;
        // Only a commit with a log position can be a repeat.
        committed.ok_or_else(|| Error::NotCurrent {
            table: table.definition.name.to_owned(),
            missing: 0,
        })
    }

    /// Deletes files that [`Lake::write`] or [`Lake::merge`] made and that will not be committed. Failed deletions are
    /// only logged.
    ///
    /// Must not be called after [`Error::CommitStateUnknown`], because the files may be committed.
    ///
    /// # Errors
    /// [`Error::UnknownTable`]; nothing was deleted then.
    pub async fn discard(&self, table: &str, files: Vec<DataFile>) -> Result<()> {
        let locations = files.iter().map(|file| file.file_path().to_owned());
        self.table(table)?.storage.delete(locations.collect()).await;
        Ok(())
    }
}

/// Merges the files of each day into one, and adds the new files to `merged`.
fn merge(table: &OpenTable, files: &[DataFile], merged: &mut Vec<DataFile>) -> Result<()> {
    let mut days: Vec<i32> = files
        .iter()
        .map(|file| manifests::day(file.partition()))
        .collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let of_day = files
            .iter()
            .filter(|file| manifests::day(file.partition()) == day);
        merged.push(merge_files(table, day, &of_day.collect::<Vec<_>>())?);
    }
    Ok(())
}

/// Merges files of one day, row group by row group.
fn merge_files(table: &OpenTable, day: i32, files: &[&DataFile]) -> Result<DataFile> {
    let rows: u64 = files.iter().map(|file| file.record_count()).sum();
    let mut writer = DataFileWriter::create(table, day, usize::try_from(rows).unwrap_or(usize::MAX))?;
    let most = table.layout.row_group_rows;
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
