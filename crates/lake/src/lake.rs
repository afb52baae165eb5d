//! The lake's API.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use iceberg::io::FileIO;
use iceberg::spec::{DataFile, Operation};

use crate::catalog::{Catalog, Head, NAMESPACE};
use crate::commit::Change;
use crate::config::LakeConfig;
use crate::error::{Error, Result};
use crate::manifests::Files;
use crate::table::OpenTable;
use crate::wal::{self, WalPosition};
use crate::{storage, version_hint, write};

/// A commit that is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The snapshot that was made.
    pub snapshot_id: i64,
    /// Its sequence number.
    pub sequence_number: i64,
}

/// The lake: the one writer of the tables' state.
///
/// Cheap to clone. Any number of lakes may be open on one folder, in one or more processes.
#[derive(Clone, Debug)]
pub struct Lake {
    pub(crate) catalog: Catalog,
    pub(crate) file_io: FileIO,
    pub(crate) config: LakeConfig,
    tables: Arc<BTreeMap<&'static str, Arc<OpenTable>>>,
}

impl Lake {
    /// Opens the lake; creates folder, catalog, namespace `otel` and its tables where missing, and renews every version hint.
    ///
    /// # Errors
    /// When the folder can't be written, or a table in the catalog does not fit its definition.
    pub async fn open(config: LakeConfig) -> Result<Self> {
        let folder = std::path::absolute(&config.folder).map_err(Error::io(&config.folder))?;
        storage::create_folder(&folder)?;
        let file_io = FileIO::new_with_fs();
        let catalog = Catalog::open(&config.catalog, &folder.join("catalog.db"), file_io.clone()).await?;
        let mut tables = BTreeMap::new();
        for definition in lakefront_otel::tables() {
            let namespace = folder.join(NAMESPACE);
            let table = OpenTable::open(&catalog, definition, &namespace, &config.layout).await?;
            version_hint::publish(&catalog, definition.name, &table.folder).await?;
            tables.insert(definition.name, Arc::new(table));
        }
        Ok(Self {
            catalog,
            file_io,
            config,
            tables: Arc::new(tables),
        })
    }

    /// A number for a new write-ahead log that no log of this lake had before.
    ///
    /// Numbers fit the high 16 bits of a positive `RowId`.
    ///
    /// # Errors
    /// [`Error::NoWritersLeft`] after 32,767.
    pub async fn new_writer(&self) -> Result<u16> {
        let number = self.catalog.next_number("lakefront.last-writer").await?;
        u16::try_from(number)
            .ok()
            .filter(|writer| *writer <= i16::MAX as u16)
            .ok_or(Error::NoWritersLeft)
    }

    /// Writes the rows as data files: one for each UTC day in the batch, sorted, durable. Nothing sees them before
    /// [`Lake::append`].
    ///
    /// The batch has the table's columns in any order, as `lakefront_otel::arrow::arrow_schema` names and types them. Runs on the blocking
    /// pool.
    ///
    /// # Errors
    /// [`Error::Batch`] when the batch does not fit the table; I/O errors.
    pub async fn write(&self, table: &str, batch: RecordBatch) -> Result<Vec<DataFile>> {
        let table = Arc::clone(self.table(table)?);
        tokio::task::spawn_blocking(move || write::write(&table, &batch)).await?
    }

    /// Commits data files, and with them how far the writer's log is in the table.
    ///
    /// A position that is committed already makes this a repeat, which changes nothing: `None`.
    ///
    /// # Errors
    /// [`Error::CommitStateUnknown`] when it may be in after all; else nothing was committed.
    pub async fn append(
        &self,
        table: &str,
        files: &[DataFile],
        wal: Option<WalPosition>,
    ) -> Result<Option<Commit>> {
        let change = Change {
            operation: Operation::Append,
            files: Files {
                added: files,
                removed: &HashSet::new(),
            },
            wal,
        };
        self.commit(self.table(table)?, change).await
    }

    /// The committed log position of each writer that is remembered.
    pub async fn wal_positions(&self, table: &str) -> Result<BTreeMap<u16, u64>> {
        let head = self.head(table).await?;
        Ok(wal::positions(head.metadata.properties()))
    }

    /// The table's committed state, as the catalog has it now.
    pub(crate) async fn head(&self, table: &str) -> Result<Head> {
        let table = self.table(table)?;
        let mut known = table.head.lock().await;
        let head = self.catalog.head(table.definition.name, known.take()).await?;
        let head = head.ok_or_else(|| Error::UnknownTable(table.definition.name.to_owned()))?;
        Ok(known.insert(head).clone())
    }

    pub(crate) fn table(&self, name: &str) -> Result<&Arc<OpenTable>> {
        self.tables
            .get(name)
            .ok_or_else(|| Error::UnknownTable(name.to_owned()))
    }
}
