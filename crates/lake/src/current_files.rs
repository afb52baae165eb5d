//! The committed state of a table and its data files, for programs that follow the lake.

use std::sync::Arc;

use iceberg::spec::{ManifestContentType, Operation, SchemaRef, Snapshot, SnapshotRef, TableMetadata};
use jiff::Timestamp;

use crate::committed_table::CommittedTable;
use crate::error::{Error, Result};
use crate::lake_file::LakeFile;
use crate::retention;
use crate::table::{ManifestFiles, OpenTable};

/// The committed state of a table.
#[derive(Clone, Debug)]
pub struct TableState {
    /// Location of the metadata file. Each commit changes it.
    pub location: String,
    /// Location of the table's folder, without a slash at its end.
    folder: String,
    /// The current schema. It may have columns that `lakefront_otel` does not declare.
    pub schema: SchemaRef,
    /// The files of the current snapshot, in no particular order.
    pub files: Vec<LakeFile>,
    /// Number of manifests that a reader opens.
    pub manifests: usize,
    /// The snapshots that the table keeps, oldest first.
    pub(crate) snapshots: Vec<SnapshotRef>,
}

impl TableState {
    /// Returns the state without its files.
    fn new(committed: &CommittedTable) -> Self {
        let metadata = &committed.metadata;
        let mut snapshots: Vec<SnapshotRef> = metadata.snapshots().cloned().collect();
        snapshots.sort_by_key(|snapshot| snapshot.sequence_number());
        Self {
            location: committed.location.clone(),
            folder: metadata.location().trim_end_matches('/').to_owned(),
            schema: metadata.current_schema().clone(),
            files: Vec::new(),
            manifests: 0,
            snapshots,
        }
    }

    /// Adds the files of a snapshot. Takes the manifests that are in `cached`, and returns all manifests.
    async fn read(
        &mut self,
        table: &OpenTable,
        metadata: &TableMetadata,
        snapshot: &Snapshot,
        cached: &mut ManifestFiles,
    ) -> Result<ManifestFiles> {
        let file_io = table.storage.file_io();
        let mut all = ManifestFiles::new();
        // A program that also commits has the newest lists and manifests in memory.
        let list = table.lists.get_once(file_io, metadata, snapshot.manifest_list());
        for manifest in list.await?.iter() {
            let of_manifest: Arc<[LakeFile]> = match cached.remove(&manifest.manifest_path) {
                Some(files) => files,
                None => {
                    let live = table.entries.get_once(file_io, manifest).await?;
                    live.iter().map(|entry| LakeFile::from(entry.as_ref())).collect()
                }
            };
            let foreign = manifest.content != ManifestContentType::Data
                || manifest.partition_spec_id != table.partition_spec_id;
            if foreign && !of_manifest.is_empty() {
                return Err(Error::Unreadable {
                    table: table.definition.name.to_owned(),
                    manifest: manifest.manifest_path.clone(),
                });
            }
            self.files.extend(of_manifest.iter().cloned());
            all.insert(manifest.manifest_path.clone(), of_manifest);
        }
        self.manifests = all.len();
        Ok(all)
    }

    /// Returns the number of snapshots that the table keeps.
    pub fn snapshots(&self) -> usize {
        self.snapshots.len()
    }

    /// Returns the time of the last compaction among the kept snapshots.
    pub fn last_compaction(&self) -> Option<Timestamp> {
        let mut newest_first = self.snapshots.iter().rev();
        let last = newest_first.find(|snapshot| snapshot.summary().operation == Operation::Replace)?;
        Timestamp::from_millisecond(retention::committed_ms(last)).ok()
    }

    /// Returns the first kept commit after a sequence number by which another program rewrote files. Rows of older
    /// files have a new sequence number since.
    pub fn rewritten_after(&self, sequence_number: i64) -> Option<i64> {
        let rewrites = |snapshot: &&SnapshotRef| {
            let operation = &snapshot.summary().operation;
            snapshot.sequence_number() > sequence_number
                && [Operation::Replace, Operation::Overwrite].contains(operation)
        };
        self.snapshots
            .iter()
            .find(rewrites)
            .map(|snapshot| snapshot.sequence_number())
    }

    /// Returns the path of a file below the table's folder, as [`Lake::open_file`](crate::Lake::open_file) takes it.
    ///
    /// Returns `None` if the file is not in that folder because another writer put it elsewhere.
    pub fn path<'a>(&self, file: &'a LakeFile) -> Option<&'a str> {
        let below = file.file.file_path().strip_prefix(self.folder.as_str())?;
        below.strip_prefix('/')
    }
}

/// Reads the committed state of the table; see [`Lake::state`](crate::Lake::state).
pub(crate) async fn read(table: &OpenTable) -> Result<TableState> {
    let committed = table.committed().await?;
    let mut state = TableState::new(&committed);
    if let Some(snapshot) = committed.metadata.current_snapshot() {
        let mut cached = table.manifests.lock().await;
        *cached = state
            .read(table, &committed.metadata, snapshot, &mut cached)
            .await?;
    }
    Ok(state)
}

/// Reads the states of the table before its compactions; see
/// [`Lake::states_before_compactions`](crate::Lake::states_before_compactions).
pub(crate) async fn read_before_compactions(table: &OpenTable, after: i64) -> Result<Vec<TableState>> {
    let committed = table.committed().await?;
    let metadata = &committed.metadata;
    let current = TableState::new(&committed);
    let mut cached = table.manifests.lock().await.clone();
    let mut states = Vec::new();
    for snapshot in &current.snapshots {
        let number = snapshot.sequence_number();
        let tag = retention::tag_of_replaced(number);
        if number > after && metadata.snapshot_for_ref(&tag).is_some() {
            let mut state = current.clone();
            snapshot.manifest_list().clone_into(&mut state.location);
            let read = state.read(table, metadata, snapshot, &mut cached).await?;
            cached.extend(read);
            states.push(state);
        }
    }
    Ok(states)
}
