//! The public API of the lake: opening it, writing data files, appending them, and reading log positions.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use iceberg::spec::{DataFile, Operation};

use crate::catalog::{Catalog, CommittedTable, NAMESPACE};
use crate::commit::Change;
use crate::config::{LakeConfig, LakeLocation};
use crate::error::{Error, Result};
use crate::manifests::Files;
use crate::rest::RestCatalog;
use crate::sql_catalog::SqlCatalog;
use crate::table::OpenTable;
use crate::writer_positions::{self, WalMark, WalPosition};
use crate::{storage, version_hint, write};

/// The table whose properties hold the counter of writer numbers, and whose UUID identifies the lake.
///
/// This name must never change.
pub(crate) const COUNTING_TABLE: &str = "otel_logs";

/// A snapshot that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Id of the new snapshot.
    pub snapshot_id: i64,
    /// Sequence number of the new snapshot.
    pub sequence_number: i64,
}

/// An open lake, the only writer of the tables' state.
///
/// A clone is cheap. Any number of lakes may be open at one place, in one or more processes.
#[derive(Clone, Debug)]
pub struct Lake {
    pub(crate) catalog: Catalog,
    pub(crate) config: LakeConfig,
    tables: Arc<BTreeMap<&'static str, Arc<OpenTable>>>,
}

impl Lake {
    /// Opens the lake, and creates namespace `otel` and its tables where they are missing.
    ///
    /// For a lake in a folder, creates the folder and the catalog too, and renews the version hint of every table.
    ///
    /// # Errors
    /// When the folder, the catalog or the store can't be used; the message says what to do. When a table in the
    /// catalog does not fit its definition.
    pub async fn open(config: LakeConfig) -> Result<Self> {
        let layout = &config.layout;
        let mut tables = BTreeMap::new();
        let catalog = match &config.location {
            LakeLocation::Folder(folder) => {
                let folder = std::path::absolute(folder).map_err(Error::io(folder))?;
                storage::create_folder(&folder)?;
                let catalog = SqlCatalog::open(&folder.join("catalog.db")).await?;
                for definition in lakefront_otel::tables() {
                    let namespace = folder.join(NAMESPACE);
                    let table = OpenTable::open_local(&catalog, definition, &namespace, layout).await?;
                    tables.insert(definition.name, Arc::new(table));
                }
                Catalog::Sql(catalog)
            }
            LakeLocation::RestCatalog(lake) => {
                let catalog = RestCatalog::connect(lake).await?;
                catalog.create_namespace().await?;
                for definition in lakefront_otel::tables() {
                    let table = OpenTable::open_remote(&catalog, definition, layout).await?;
                    tables.insert(definition.name, Arc::new(table));
                }
                Catalog::Rest(catalog)
            }
        };
        for table in tables.values() {
            version_hint::publish(&catalog, table).await?;
        }
        Ok(Self {
            catalog,
            config,
            tables: Arc::new(tables),
        })
    }

    /// Returns a number for a new write-ahead log that no log of this lake had before.
    ///
    /// The numbers fit the high 16 bits of a positive `RowId`.
    ///
    /// # Errors
    /// [`Error::NoWritersLeft`] after 32,767 numbers; errors of the catalog.
    pub async fn new_writer(&self) -> Result<u16> {
        let number = match &self.catalog {
            Catalog::Sql(catalog) => catalog.next_number(writer_positions::LAST_WRITER).await?,
            Catalog::Rest(_) => self.commit_writer().await?,
        };
        u16::try_from(number)
            .ok()
            .filter(|writer| *writer <= i16::MAX as u16)
            .ok_or(Error::NoWritersLeft)
    }

    /// Writes the rows as sorted, durable data files, one for each UTC day in the batch. Readers see them only after
    /// [`Lake::append`].
    ///
    /// The batch has the table's columns in any order, with the names and types of
    /// `lakefront_otel::arrow::arrow_schema`. The work runs on the blocking pool.
    ///
    /// # Errors
    /// [`Error::Batch`] when the batch does not fit the table; I/O errors.
    pub async fn write(&self, table: &str, batch: RecordBatch) -> Result<Vec<DataFile>> {
        let table = self.table(table)?;
        let writing = Arc::clone(table);
        self.write_whole(table, move |files| write::write(&writing, &batch, files))
            .await
    }

    /// Runs `write` on the blocking pool. If it fails, deletes the files that it has finished.
    pub(crate) async fn write_whole(
        &self,
        table: &OpenTable,
        write: impl FnOnce(&mut Vec<DataFile>) -> Result<()> + Send + 'static,
    ) -> Result<Vec<DataFile>> {
        let writing = move || {
            let mut files = Vec::new();
            let written = write(&mut files);
            (files, written)
        };
        let (files, written) = tokio::task::spawn_blocking(writing).await?;
        if let Err(error) = written {
            table.storage.forget_keys().await;
            let locations = files.iter().map(|file| file.file_path().to_owned());
            table.storage.delete(locations.collect()).await;
            return Err(error);
        }
        Ok(files)
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
            operation: Operation::Append,
            files: Files {
                added: files,
                removed: &HashSet::new(),
            },
            wal,
            new_writer: false,
        };
        let table = self.table(table)?;
        let commit = self.commit(table, change).await;
        if commit.is_err() {
            table.storage.forget_keys().await;
        }
        commit
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
        let committed = self.committed_table(table).await?;
        Ok(writer_positions::marks(committed.metadata.properties()))
    }

    /// Returns the identifier of the lake: the UUID of its table of logs. Lakes at two addresses with the same UUID are
    /// one lake.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn id(&self) -> Result<String> {
        Ok(self
            .committed_table(COUNTING_TABLE)
            .await?
            .metadata
            .uuid()
            .to_string())
    }

    /// Returns the last number that [`Lake::new_writer`] returned; 0 if there was none.
    ///
    /// # Errors
    /// When the catalog does not answer.
    pub async fn last_writer(&self) -> Result<i64> {
        match &self.catalog {
            Catalog::Sql(catalog) => catalog.last_number(writer_positions::LAST_WRITER).await,
            Catalog::Rest(_) => {
                let committed = self.committed_table(COUNTING_TABLE).await?;
                Ok(writer_positions::last_writer(committed.metadata.properties()))
            }
        }
    }

    /// Returns the table's committed state, as the catalog has it now.
    pub(crate) async fn committed_table(&self, table: &str) -> Result<CommittedTable> {
        let table = self.table(table)?;
        let mut cached = table.committed.lock().await;
        let committed = self
            .catalog
            .committed(table.definition.name, cached.take())
            .await?;
        let committed = committed.ok_or_else(|| Error::UnknownTable(table.definition.name.to_owned()))?;
        Ok(cached.insert(committed).clone())
    }

    /// Returns the open table of that name, or [`Error::UnknownTable`].
    pub(crate) fn table(&self, name: &str) -> Result<&Arc<OpenTable>> {
        self.tables
            .get(name)
            .ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }
}
