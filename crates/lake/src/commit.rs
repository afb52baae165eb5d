//! Optimistic commits: a compare-and-swap on the catalog, repeated when another commit was first.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use std::time::Duration;

use iceberg::spec::{
    DataFile, MAIN_BRANCH, ManifestEntryRef, Operation, Snapshot, Summary, TableMetadataBuildResult,
    TableMetadataBuilder,
};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::committed_table::{CommitOutcome, CommittedTable};
use crate::error::{Error, Result};
use crate::lake_file::day;
use crate::manifests::{self, Files, Target};
use crate::retention::{self, Eagerness, Retention};
use crate::table::OpenTable;
use crate::time::{DAY_MS, millis, now_ms};
use crate::writer_positions::{self, PositionStatus, WalPosition};
use crate::{unreachable_files, version_hint};

/// Number of times that a commit is tried before it fails with [`Error::Conflict`].
pub(crate) const ATTEMPTS: u32 = 50;

/// A snapshot that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Id of the new snapshot.
    pub snapshot_id: i64,
    /// Sequence number of the new snapshot.
    pub sequence_number: i64,
}

/// A change of one property of a table, which a commit makes only if the property still has its value from before.
///
/// With it, a program keeps its own position in the table that it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    /// Name of the property.
    pub name: String,
    /// The value that the program found. `None` if the table had no such property.
    pub before: Option<String>,
    /// The new value.
    pub after: String,
}

/// The change that a commit makes to a table.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    /// Operation named in the snapshot's summary.
    pub operation: Operation,
    /// Files to add and to remove.
    pub files: Files<'a>,
    /// Log position of the writer after the commit.
    pub wal: Option<&'a WalPosition>,
    /// True if the commit assigns the number of a new writer.
    pub new_writer: bool,
    /// A property of the table that the commit changes.
    pub property: Option<&'a PropertyChange>,
}

impl<'a> Change<'a> {
    /// Returns a change that adds files.
    pub(crate) fn adding(files: &'a [DataFile]) -> Self {
        static NONE: LazyLock<HashMap<String, i32>> = LazyLock::new(HashMap::new);
        Self::replacing(Operation::Append, &NONE, files)
    }

    /// Returns a change that takes files out, as [`Files::removed`] names them, and adds others.
    ///
    /// By the definition of `replace` in Iceberg, the others have the same rows then.
    pub(crate) fn replacing(
        operation: Operation,
        removed: &'a HashMap<String, i32>,
        added: &'a [DataFile],
    ) -> Self {
        Self {
            files: Files {
                added,
                removed,
                same_rows: operation == Operation::Replace,
            },
            operation,
            wal: None,
            new_writer: false,
            property: None,
        }
    }
}

/// A commit that is ready to be swapped in.
struct Prepared {
    result: TableMetadataBuildResult,
    /// True if the commit also expires snapshots.
    expires: bool,
}

/// An attempt that conflicted with another commit, according to the catalog.
struct ConflictingAttempt {
    /// The snapshot that the attempt was based on.
    parent: Option<i64>,
    /// Locations of the files that only this attempt needs.
    written: Vec<String>,
}

impl ConflictingAttempt {
    /// Returns true if the attempt is proven to have lost: another snapshot in the table's history has the same parent.
    ///
    /// The catalog's answer alone is no proof. A gateway that repeats a request gets 409 for a commit that succeeded.
    fn has_lost(&self, base: &CommittedTable, snapshot_id: i64) -> bool {
        let mut snapshots = base.metadata.snapshots();
        snapshots.any(|snapshot| {
            snapshot.snapshot_id() != snapshot_id && snapshot.parent_snapshot_id() == self.parent
        })
    }
}

/// Commits an append. After an error, vended keys are dropped, because they may be the cause.
pub(crate) async fn append(table: &OpenTable, change: Change<'_>) -> Result<Option<Commit>> {
    let commit = commit(table, change).await;
    if commit.is_err() {
        table.storage.forget_keys().await;
    }
    commit
}

/// Commits the change. Returns `None` if its log position was committed already.
///
/// Deletes the files of a failed attempt once it is certain that no metadata names them. The others become orphan
/// files, which [`Lake::remove_orphan_files`](crate::Lake::remove_orphan_files) deletes.
pub(crate) async fn commit(table: &OpenTable, change: Change<'_>) -> Result<Option<Commit>> {
    let name = table.definition.name;
    // All attempts use one id, by which a commit is recognised whose answer was lost.
    let snapshot_id = new_snapshot_id();
    let mut cached = table.committed.lock().await;
    let mut unknown = None;
    let mut conflict: Option<ConflictingAttempt> = None;
    // True if an attempt may still be committed later, because a gateway may hold its request.
    let mut in_doubt = false;
    // The last round tries no commit. It finds out whether the last attempt succeeded.
    for attempt in 0..=ATTEMPTS {
        let base = match table.catalog.commit_base(name, cached.take()).await {
            Err(source) if unknown.is_some() || conflict.is_some() => {
                return Err(state_unknown(name, source));
            }
            found => found?,
        };
        if let Some(snapshot) = base.metadata.snapshot_by_id(snapshot_id) {
            let sequence_number = snapshot.sequence_number();
            *cached = Some(base);
            version_hint::publish_commit(table).await;
            return Ok(Some(Commit {
                snapshot_id,
                sequence_number,
            }));
        }
        let is_remote = matches!(table.catalog, Catalog::Rest(_));
        in_doubt |= unknown.is_some();
        if let Some(attempt) = conflict.take() {
            if attempt.has_lost(&base, snapshot_id) {
                table.storage.delete(attempt.written).await;
            } else {
                in_doubt |= is_remote;
            }
        }
        match position_status(&base, change.wal) {
            PositionStatus::New if attempt == ATTEMPTS => break,
            PositionStatus::New => {}
            PositionStatus::Committed => {
                *cached = Some(base);
                return Ok(None);
            }
            PositionStatus::WriterTaken => {
                *cached = Some(base);
                return Err(Error::WriterTaken {
                    table: name.to_owned(),
                    writer: change.wal.map_or(0, |wal| wal.writer),
                });
            }
        }
        let failed = |error| match in_doubt {
            true => state_unknown(name, error),
            false => error,
        };
        if let Some(property) = change.property
            && base.metadata.properties().get(&property.name) != property.before.as_ref()
        {
            *cached = Some(base);
            return Err(failed(Error::PropertyChanged {
                table: name.to_owned(),
                property: property.name.clone(),
            }));
        }
        let mut written = Vec::new();
        let prepared = prepare(table, &base, &change, snapshot_id, &mut written).await;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                table.storage.delete(written).await;
                return Err(failed(error));
            }
        };
        unknown = None;
        let swap = match table.catalog.commit(name, &base, prepared.result).await {
            Ok(swap) => swap,
            Err(error) => {
                // A gateway may refuse a request that it has already passed on. The files are left as orphans.
                if !is_remote {
                    table.storage.delete(written).await;
                }
                return Err(failed(error));
            }
        };
        match swap {
            CommitOutcome::Committed(after) => {
                let sequence_number = after.metadata.last_sequence_number();
                version_hint::publish_commit(table).await;
                if prepared.expires {
                    unreachable_files::delete(table, &base.metadata, &after.metadata).await;
                }
                *cached = Some(*after);
                return Ok(Some(Commit {
                    snapshot_id,
                    sequence_number,
                }));
            }
            CommitOutcome::Conflict => {
                conflict = Some(ConflictingAttempt {
                    parent: base.metadata.current_snapshot_id(),
                    written,
                });
            }
            CommitOutcome::Unknown(error) => {
                tracing::warn!(table = name, %error, "asking the catalog whether the commit is in");
                unknown = Some(error);
            }
        }
        tokio::time::sleep(match unknown {
            // The catalog is overloaded or about to restart.
            Some(_) => Duration::from_millis(50 << attempt.min(6)),
            None => backoff(attempt),
        })
        .await;
    }
    Err(match unknown {
        Some(source) => state_unknown(name, source),
        None => Error::Conflict {
            table: name.to_owned(),
            attempts: ATTEMPTS,
        },
    })
}

/// Writes the manifests and the manifest list of an attempt, and returns the new table metadata.
///
/// Adds the location of each file to `written` before the file is written.
async fn prepare(
    table: &OpenTable,
    base: &CommittedTable,
    change: &Change<'_>,
    snapshot_id: i64,
    written: &mut Vec<String>,
) -> Result<Prepared> {
    let metadata = &base.metadata;
    let now_ms = (table.config.now_ms)();
    let snapshot = write_snapshot(table, base, change, snapshot_id, written).await?;
    let mut builder = metadata
        .clone()
        .into_builder(Some(base.location.clone()))
        .set_branch_snapshot(snapshot, MAIN_BRANCH)?;
    if change.new_writer {
        builder = builder.set_properties(writer_positions::next_writer(metadata.properties()))?;
    }
    if let Some(property) = change.property {
        let set = HashMap::from([(property.name.clone(), property.after.clone())]);
        builder = builder.set_properties(set)?;
    }
    if let Some(wal) = change.wal {
        builder = builder.set_properties(writer_positions::set(wal, now_ms))?;
    }
    let stale = writer_positions::stale(metadata.properties(), now_ms - millis(table.config.keep_writers));
    builder = builder.remove_properties(&stale)?;
    let mut retention = Retention::plan(metadata, &table.config, now_ms, Eagerness::Batches)?;
    // What is erased must not be kept.
    if !change.files.removed.is_empty() && change.operation != Operation::Overwrite {
        retention.keep_replaced(metadata, &table.config, now_ms);
    }
    Ok(Prepared {
        result: retention.apply(builder)?.build()?,
        expires: !retention.expire.is_empty(),
    })
}

/// Returns the new table metadata after a change that adds and removes no data files: of the schema, or of the kept
/// snapshots.
///
/// Iceberg and its catalogs date such a change by the clock, and refuse it if the table's last snapshot is more than a
/// minute ahead of that. Such a table gets an empty snapshot with the change, which is dated like the last one.
///
/// An attempt that is not committed may leave an orphan file.
pub(crate) async fn change_metadata(
    table: &OpenTable,
    base: &CommittedTable,
    change: impl FnOnce(TableMetadataBuilder) -> Result<TableMetadataBuilder>,
) -> Result<TableMetadataBuildResult> {
    let mut builder = base.metadata.clone().into_builder(Some(base.location.clone()));
    if base.metadata.last_updated_ms() > now_ms() {
        let empty = Change::adding(&[]);
        let snapshot = write_snapshot(table, base, &empty, new_snapshot_id(), &mut Vec::new()).await?;
        builder = builder.set_branch_snapshot(snapshot, MAIN_BRANCH)?;
    }
    Ok(change(builder)?.build()?)
}

/// Writes the manifests and the manifest list of a new snapshot, and returns the snapshot.
///
/// Adds the location of each file to `written` before the file is written.
async fn write_snapshot(
    table: &OpenTable,
    base: &CommittedTable,
    change: &Change<'_>,
    snapshot_id: i64,
    written: &mut Vec<String>,
) -> Result<Snapshot> {
    let file_io = table.storage.file_io();
    let metadata = &base.metadata;
    let now_ms = (table.config.now_ms)();
    let target = Target {
        metadata,
        snapshot_id,
        today: i32::try_from(now_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX),
    };
    let current = match metadata.current_snapshot() {
        Some(snapshot) => {
            table
                .lists
                .get(file_io, metadata, snapshot.manifest_list())
                .await?
        }
        None => [].into(),
    };
    // A rewritten file would escape delete files that name it, or that are older than its new sequence number.
    if !change.files.removed.is_empty()
        && let Some(manifest) = manifests::with_delete_files(&current)
    {
        return Err(Error::Unreadable {
            table: table.definition.name.to_owned(),
            manifest: manifest.manifest_path.clone(),
        });
    }
    let merged =
        manifests::merge_manifests(file_io, &table.entries, target, &current, change.files, written).await?;
    let missing = change.files.removed.len() - merged.removed.len();
    if missing > 0 {
        return Err(Error::NotCurrent {
            table: table.definition.name.to_owned(),
            missing,
        });
    }
    let manifest_list = table
        .lists
        .write(file_io, target, merged.manifests, written)
        .await?;

    // The clocks of writers differ, but the timestamps of a table's snapshots must not decrease.
    let timestamp_ms = now_ms.max(metadata.last_updated_ms());
    let mut summary = summary(base, change, &merged.removed);
    if timestamp_ms > now_ms {
        summary
            .additional_properties
            .extend([retention::committed_at(now_ms)]);
    }
    Ok(Snapshot::builder()
        .with_snapshot_id(snapshot_id)
        .with_parent_snapshot_id(metadata.current_snapshot_id())
        .with_sequence_number(metadata.next_sequence_number())
        .with_timestamp_ms(timestamp_ms)
        .with_manifest_list(manifest_list)
        .with_summary(summary)
        .with_schema_id(metadata.current_schema_id())
        .build())
}

fn state_unknown(table: &str, source: Error) -> Error {
    Error::CommitStateUnknown {
        table: table.to_owned(),
        source: Box::new(source),
    }
}

/// Compares the log position with the mark in the table. A commit without a log position is always ahead.
fn position_status(base: &CommittedTable, wal: Option<&WalPosition>) -> PositionStatus {
    wal.map_or(PositionStatus::New, |wal| {
        let marks = writer_positions::marks(base.metadata.properties());
        wal.status(marks.get(&wal.writer))
    })
}

/// Returns the snapshot's summary: the change and the totals, under the names of appendix F of the Iceberg
/// specification.
fn summary(base: &CommittedTable, change: &Change<'_>, removed: &[ManifestEntryRef]) -> Summary {
    let count = |files: &[&iceberg::spec::DataFile]| {
        let sum = |f: fn(&iceberg::spec::DataFile) -> u64| files.iter().map(|file| f(file)).sum::<u64>();
        [
            files.len() as u64,
            sum(|file| file.record_count()),
            sum(|file| file.file_size_in_bytes()),
        ]
    };
    let added: Vec<_> = change.files.added.iter().collect();
    let removed: Vec<_> = removed.iter().map(|entry| entry.data_file()).collect();
    let partitions: BTreeSet<i32> = added
        .iter()
        .chain(&removed)
        .map(|file| day(file.partition()))
        .collect();
    let previous = base
        .metadata
        .current_snapshot()
        .map(|snapshot| &snapshot.summary().additional_properties);
    let mut properties =
        HashMap::from([("changed-partition-count".to_owned(), partitions.len().to_string())]);
    let names = [
        ("total-data-files", "added-data-files", "deleted-data-files"),
        ("total-records", "added-records", "deleted-records"),
        ("total-files-size", "added-files-size", "removed-files-size"),
    ];
    for (((total, plus, minus), more), less) in names.into_iter().zip(count(&added)).zip(count(&removed)) {
        let before = previous
            .and_then(|all| all.get(total)?.parse::<u64>().ok())
            .unwrap_or_default();
        properties.insert(total.to_owned(), (before + more).saturating_sub(less).to_string());
        for (name, value) in [(plus, more), (minus, less)] {
            if value > 0 {
                properties.insert(name.to_owned(), value.to_string());
            }
        }
    }
    if change.new_writer {
        properties.extend(writer_positions::next_writer(base.metadata.properties()));
    }
    let removal = (!removed.is_empty()).then(|| base.metadata.next_sequence_number());
    properties.extend([unreachable_files::last_removal(
        base.metadata.current_snapshot(),
        removal,
    )]);
    Summary {
        operation: change.operation.clone(),
        additional_properties: properties,
    }
}

fn new_snapshot_id() -> i64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    ((high ^ low) & i64::MAX as u64).cast_signed()
}

/// Returns the wait before the next attempt: up to 47 ms, growing with the number of the attempt.
pub(crate) fn backoff(attempt: u32) -> Duration {
    // The random part keeps two writers from colliding again and again.
    let jitter = Uuid::new_v4().as_u128() % 8;
    Duration::from_millis(u64::from(attempt.min(20)) * 2 + jitter as u64)
}
