//! The public API of the lake. Each method names the module that does its work.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use iceberg::spec::{DataFile, Operation};

use crate::commit::{self, Change, Commit, PropertyChange};
use crate::compaction::pace::Pace;
use crate::compaction::{self, Compacted, CompactionPlan, CompactionSettings, Group};
use crate::config::LakeConfig;
use crate::current_files::{self, TableState};
use crate::erasure::condition::Condition;
use crate::erasure::{self, Proof, Selected, SelectedDay};
use crate::error::{Error, Result};
use crate::lake_file::{self, LakeFile};
use crate::named_snapshots::{self, NamedSnapshot};
use crate::old_days::OldDay;
use crate::snapshot_expiry::{self, Expired};
use crate::table::OpenTable;
use crate::writer_positions::{self, WalMark, WalPosition};
use crate::{compact, old_days, opening, orphan_files, schema_evolution, write, writer_numbers};

/// The table whose properties hold the counter of writer numbers, and whose UUID identifies the lake.
///
/// This name must never change.
const COUNTING_TABLE: &str = "otel_logs";

/// An open lake, the only writer of the tables' state.
///
/// A clone is cheap. Any number of lakes may be open at one location, in one or more processes.
#[derive(Clone, Debug)]
pub struct Lake {
    tables: Arc<BTreeMap<&'static str, Arc<OpenTable>>>,
}

impl Lake {
    /// Opens the lake, and creates namespace `otel` and its tables where they are missing.
    ///
    /// For a lake in a folder, creates the folder and the catalog too, and renews the version hint of every table.
    ///
    /// # Errors
    /// When the folder, the catalog or the store can't be used; the message says what to do.
    pub async fn open(config: LakeConfig) -> Result<Self> {
        let tables = Arc::new(opening::open(config).await?);
        Ok(Self { tables })
    }

    /// Opens those tables that a REST catalog has already, and creates nothing. The others are unknown tables.
    ///
    /// This is for tables of another program, such as the landing tables of a sink.
    ///
    /// # Errors
    /// When the catalog or the store can't be used; the message says what to do.
    pub async fn open_existing(config: LakeConfig) -> Result<Self> {
        let tables = Arc::new(opening::open_existing(config).await?);
        Ok(Self { tables })
    }

    /// Returns true if the table of that name is open.
    pub fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Adds the declared columns that a table of an older version lacks, by a change of metadata only. The columns are
    /// optional, and null stands for the default value of their type, such as `''`.
    ///
    /// [`Lake::write`] does the same. Until either is called, the table can be read as it is.
    ///
    /// # Errors
    /// [`Error::Column`] when a column of the table has another type than the declared one. Errors of a commit.
    pub async fn add_missing_columns(&self, table: &str) -> Result<()> {
        schema_evolution::writable_schema(self.table(table)?)
            .await
            .map(drop)
    }

    /// Writes the rows as sorted, durable data files, one for each UTC day in the batch. Readers see them only after
    /// [`Lake::append`].
    ///
    /// The batch has the table's columns in any order, with the names and types of
    /// `lakefront_otel::arrow::arrow_schema`. The work runs on the blocking pool.
    ///
    /// # Errors
    /// [`Error::Batch`] when the batch does not fit the table; I/O errors; those of [`Lake::add_missing_columns`]. The
    /// files are deleted then.
    pub async fn write(&self, table: &str, batch: RecordBatch) -> Result<Vec<DataFile>> {
        write::write_batch(self.table(table)?, batch).await
    }

    /// Commits data files and, in the same commit, the position of the writer's log in the table.
    ///
    /// Returns `None` and changes nothing if that position is committed already: the call then repeats an earlier one.
    ///
    /// # Errors
    /// [`Error::CommitStateUnknown`] when the commit may have succeeded. [`Error::WriterTaken`] when another log
    /// commits under the same number. After every error except the first, nothing was committed.
    pub async fn append(
        &self,
        table: &str,
        files: &[DataFile],
        wal: Option<&WalPosition>,
    ) -> Result<Option<Commit>> {
        let change = Change {
            wal,
            ..Change::adding(files)
        };
        commit::append(self.table(table)?, change).await
    }

    /// Writes the rows of the files into one new file for each day. The new files are durable, but visible only after
    /// [`Lake::replace`].
    ///
    /// The work runs on the blocking pool.
    ///
    /// # Errors
    /// When a file can't be read or written. Nothing was committed, and the new files are deleted.
    pub async fn merge(&self, table: &str, files: &[DataFile]) -> Result<Vec<DataFile>> {
        compact::merge(self.table(table)?, files.to_vec()).await
    }

    /// Replaces files in one commit with new ones that hold the same rows.
    ///
    /// The new files get the highest data sequence number of the old ones, by which a reader that tracks files
    /// recognises a compaction. The old files stay on disk for [`LakeConfig::keep_replaced`].
    ///
    /// # Errors
    /// [`Error::NotCurrent`] when an old file is not in the current snapshot; [`Error::Unreadable`] when the table has
    /// delete files, which may concern the old files; else the same as of [`Lake::append`].
    pub async fn replace(&self, table: &str, old: &[DataFile], new: &[DataFile]) -> Result<Commit> {
        compact::replace(self.table(table)?, old, new).await
    }

    /// Commits data files and, in the same commit, the change of a property of the table.
    ///
    /// # Errors
    /// [`Error::PropertyChanged`] when the property has another value than the program found, else the same as of
    /// [`Lake::append`].
    pub async fn append_with(
        &self,
        table: &str,
        files: &[DataFile],
        property: &PropertyChange,
    ) -> Result<()> {
        let change = Change {
            property: Some(property),
            ..Change::adding(files)
        };
        commit::append(self.table(table)?, change).await.map(drop)
    }

    /// Takes files out of the table in one commit, which may also change a property. Their rows are gone.
    ///
    /// # Errors
    /// [`Error::NotCurrent`] when a file is not in the current snapshot, else the same as of [`Lake::append_with`].
    pub async fn remove(
        &self,
        table: &str,
        files: &[DataFile],
        property: Option<&PropertyChange>,
    ) -> Result<()> {
        let removed = files
            .iter()
            .map(|file| (file.file_path().to_owned(), lake_file::day(file.partition())))
            .collect();
        let change = Change {
            property,
            ..Change::replacing(Operation::Delete, &removed, &[])
        };
        commit::append(self.table(table)?, change).await.map(drop)
    }

    /// Returns a property of the table.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn property(&self, table: &str, name: &str) -> Result<Option<String>> {
        let committed = self.table(table)?.committed().await?;
        Ok(committed.metadata.properties().get(name).cloned())
    }

    /// Returns the rewrites of a table that are due now.
    ///
    /// A table is left alone if it has delete files, or if another program has compacted it within a day.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read.
    pub async fn plan_compaction(
        &self,
        table: &str,
        settings: &CompactionSettings,
    ) -> Result<CompactionPlan> {
        compaction::plan_compaction(self.table(table)?, settings).await
    }

    /// Rewrites the files of a group as fewer files with the same rows, and replaces them in one commit.
    ///
    /// The new files get the highest data sequence number of the old ones. The work runs on the blocking pool, rests
    /// as `pace` says, and ends early after [`Pace::stop`].
    ///
    /// # Errors
    /// [`Error::NotCurrent`] when a file of the group left the table meanwhile, [`Error::Unreadable`] when another
    /// writer added delete files, [`Error::Stopped`], and errors of catalog and store. Unless the error is
    /// [`Error::CommitStateUnknown`], nothing was committed, and the new files are deleted.
    pub async fn compact(
        &self,
        group: &Group,
        settings: &CompactionSettings,
        pace: &Arc<Pace>,
    ) -> Result<Compacted> {
        compaction::compact(self.table(group.table)?, group, settings, pace).await
    }

    /// Returns the days that are more than `keep_days` whole days before today, oldest first.
    ///
    /// Today is the clock's day only if three days with rows confirm it: at most two days after the third newest day
    /// that has rows. A clock that is years ahead therefore drops nothing by itself.
    ///
    /// # Errors
    /// The same as of [`Lake::state`].
    pub async fn old_days(&self, table: &str, keep_days: u16) -> Result<Vec<OldDay>> {
        old_days::find(self.table(table)?, keep_days).await
    }

    /// Takes the days of [`Lake::old_days`] out of the table in one commit, and returns them. No data file is read.
    ///
    /// The files stay on disk until no snapshot reaches them: see [`LakeConfig::keep_hourly`].
    ///
    /// # Errors
    /// The same as of [`Lake::state`] and [`Lake::append`]. [`Error::NotCurrent`] when compactions replaced some of the
    /// files again and again.
    pub async fn drop_old_days(&self, table: &str, keep_days: u16) -> Result<Vec<OldDay>> {
        old_days::drop_days(self.table(table)?, keep_days).await
    }

    /// Returns the rows of the table that the condition selects. Reads every data file of the days in question.
    ///
    /// # Errors
    /// The same as of [`Lake::state`], and errors of the store.
    pub async fn selected_rows(&self, table: &str, condition: &Condition) -> Result<Selected> {
        erasure::selected_rows(self.table(table)?, condition).await
    }

    /// Takes the rows that the condition selects out of the table, in one commit for each day, and calls `done` after
    /// each. Returns what was there before. Older snapshots still have the rows until [`Lake::erase_history`].
    ///
    /// A program that follows the lake loads the days anew. A call that ends early is continued by the next one.
    ///
    /// # Errors
    /// [`Error::NotCurrent`] when compactions replaced some of the files again and again, [`Error::Unreadable`],
    /// [`Error::Stopped`], [`Error::CommitStateUnknown`], and errors of catalog and store.
    pub async fn erase(
        &self,
        table: &str,
        condition: &Condition,
        pace: &Arc<Pace>,
        done: impl FnMut(&SelectedDay),
    ) -> Result<Selected> {
        erasure::erase(self.table(table)?, condition, pace, done).await
    }

    /// Deletes every data file with selected rows that is not in the current snapshot, expires the snapshots that reach
    /// one, and reads all data files that are left. Readers of an older snapshot fail.
    ///
    /// # Errors
    /// [`Error::Kept`] when another program's reference keeps such a file. Errors of catalog and store.
    pub async fn erase_history(&self, table: &str, condition: &Condition) -> Result<Proof> {
        erasure::erase_history(self.table(table)?, condition).await
    }

    /// Deletes files that [`Lake::write`] or [`Lake::merge`] made and that will not be committed. Failed deletions are
    /// only logged.
    ///
    /// Must not be called after [`Error::CommitStateUnknown`], because the files may be committed.
    ///
    /// # Errors
    /// [`Error::UnknownTable`]; nothing was deleted then.
    pub async fn discard(&self, table: &str, files: Vec<DataFile>) -> Result<()> {
        self.table(table)?.delete(&files).await;
        Ok(())
    }

    /// Expires the table's snapshots that are due, and deletes the files that only they reached.
    ///
    /// Commits do the same in batches. This method is for tables without commits for a while, and for tests.
    ///
    /// # Errors
    /// The same as of [`Lake::append`]. A file that could not be deleted is no error: it is logged and stays.
    pub async fn expire(&self, table: &str) -> Result<Expired> {
        snapshot_expiry::expire(self.table(table)?).await
    }

    /// Deletes the table's files that no snapshot reaches and that are older than
    /// [`LakeConfig::keep_unreferenced`]. Returns their number.
    ///
    /// Younger files may belong to a commit under way. A writer must commit its files within that time, or write them
    /// again.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read. Nothing was deleted then.
    pub async fn remove_orphan_files(&self, table: &str) -> Result<usize> {
        orphan_files::remove(self.table(table)?).await
    }

    /// Returns the locations of the files that [`Lake::remove_orphan_files`] would delete.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read.
    pub async fn orphan_files(&self, table: &str) -> Result<Vec<String>> {
        orphan_files::find(self.table(table)?).await
    }

    /// Returns the table's named snapshots, oldest first. The last snapshot of each hour has a name for a week, and a
    /// snapshot from before a compaction as long as the replaced files stay.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read.
    pub async fn named_snapshots(&self, table: &str) -> Result<Vec<NamedSnapshot>> {
        named_snapshots::of(&self.table(table)?.committed().await?.metadata)
    }

    /// Returns the committed state of the table. Opens only manifests that were not in the state it returned before.
    ///
    /// # Errors
    /// When the catalog or the metadata can't be read. [`Error::Unreadable`] when another writer added delete files or
    /// files of another partitioning: the table's rows can't be determined then.
    pub async fn state(&self, table: &str) -> Result<TableState> {
        current_files::read(self.table(table)?).await
    }

    /// Returns the states of the table just before those compactions that came after sequence number `after`, oldest
    /// first. A program that follows the lake finds there the files that a compaction has put together since.
    ///
    /// The files are on disk for [`LakeConfig::keep_replaced`] after the compaction.
    ///
    /// # Errors
    /// The same as of [`Lake::state`].
    pub async fn states_before_compactions(&self, table: &str, after: i64) -> Result<Vec<TableState>> {
        current_files::read_before_compactions(self.table(table)?, after).await
    }

    /// Returns the files of the current snapshot, in no particular order.
    ///
    /// # Errors
    /// The same as of [`Lake::state`].
    pub async fn files(&self, table: &str) -> Result<Vec<LakeFile>> {
        Ok(self.state(table).await?.files)
    }

    /// Returns the location of the committed metadata file, which changes with each commit. With a SQL catalog, reads
    /// no metadata.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn metadata_location(&self, table: &str) -> Result<String> {
        self.table(table)?.metadata_location().await
    }

    /// Opens a file of the table for reading, by its path below the table's location.
    ///
    /// A file on a store is copied to local disk; the copy is deleted when it is closed.
    ///
    /// # Errors
    /// When the file can't be read, or copied from the store.
    pub async fn open_file(&self, table: &str, path: &str) -> Result<File> {
        self.table(table)?.open_file(path).await
    }

    /// Returns the committed log position of each writer that the table still has a mark of, by writer number.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn wal_positions(&self, table: &str) -> Result<BTreeMap<u16, u64>> {
        let marks = self.wal_marks(table).await?.into_iter();
        Ok(marks.map(|(writer, mark)| (writer, mark.position)).collect())
    }

    /// Returns the mark of each writer that the table still has one of, by writer number: the position, and the log
    /// that committed it.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn wal_marks(&self, table: &str) -> Result<BTreeMap<u16, WalMark>> {
        let committed = self.table(table)?.committed().await?;
        Ok(writer_positions::marks(committed.metadata.properties()))
    }

    /// Returns a number for a new write-ahead log that no log of this lake had before.
    ///
    /// The numbers fit the high 16 bits of a positive `RowId`.
    ///
    /// # Errors
    /// [`Error::NoWritersLeft`] after 32,767 numbers; errors of the catalog.
    pub async fn new_writer(&self) -> Result<u16> {
        writer_numbers::assign(self.table(COUNTING_TABLE)?).await
    }

    /// Returns the last number that [`Lake::new_writer`] returned; 0 if there was none.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn last_writer(&self) -> Result<i64> {
        writer_numbers::last(self.table(COUNTING_TABLE)?).await
    }

    /// Returns the identifier of the lake: the UUID of its table of logs. Lakes at two addresses with the same UUID are
    /// one lake.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn id(&self) -> Result<String> {
        let committed = self.table(COUNTING_TABLE)?.committed().await?;
        Ok(committed.metadata.uuid().to_string())
    }

    /// Returns the open table of that name, or [`Error::UnknownTable`].
    pub(crate) fn table(&self, name: &str) -> Result<&Arc<OpenTable>> {
        self.tables
            .get(name)
            .ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }
}
