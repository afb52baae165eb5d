//! Compaction: rewriting the small files of a day as few large ones, beside running appends.
//!
//! [`plan_compaction`] chooses the groups of files that are due, and [`compact()`] rewrites one of them. A
//! rewrite commits only if all its files are still live and the table has no delete files. Any number of compactors
//! and foreign writers may therefore work at once: a rewrite that comes second changes nothing and deletes its files.

pub(crate) mod pace;
pub(crate) mod plan;
pub(crate) mod rewrite;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::SchemaRef;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{DataFile, DataFileFormat, Operation};
use jiff::civil::Date;
use uuid::Uuid;

use crate::compact::replace;
use crate::compaction::pace::Pace;
use crate::compaction::plan::{Bounds, Small, plan};
use crate::compaction::rewrite::{Input, Limits, rewrite};
use crate::current_files::{self, TableState};
use crate::error::{Error, Result};
use crate::lake_file::{self, LakeFile};
use crate::table::OpenTable;
use crate::time::DAY_MS;
use crate::{retention, unreachable_files, write};

/// Time for which a table is left to another compactor after that has rewritten files.
const STAND_BACK: Duration = Duration::from_secs(24 * 3600);

/// The settings of compactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactionSettings {
    /// Size of the files that a compaction aims at, in bytes. A file of two thirds of it is not rewritten again.
    pub target_bytes: u64,
    /// Memory of one rewrite, in bytes.
    pub memory_bytes: usize,
}

impl Default for CompactionSettings {
    fn default() -> Self {
        Self {
            target_bytes: 192 << 20,
            memory_bytes: 256 << 20,
        }
    }
}

/// The rewrites of a table that are due.
#[derive(Clone, Debug, Default)]
pub struct CompactionPlan {
    /// The groups to rewrite, the most useful first.
    pub groups: Vec<Group>,
    /// The committed state of the table. `None` if it can't be determined; see `left_alone`.
    pub state: Option<TableState>,
    /// Number of live files that are below the size at which a file is left as it is.
    pub small_files: usize,
    /// The reason for which the table is not compacted, as a sentence.
    pub left_alone: Option<String>,
}

/// Files of one day that are rewritten together.
#[derive(Clone, Debug)]
pub struct Group {
    /// The table.
    pub table: &'static str,
    /// The UTC day.
    pub day: Date,
    /// The files.
    pub files: Vec<LakeFile>,
    /// The columns of the table, with their field ids.
    schema: SchemaRef,
}

impl Group {
    /// Returns the size of the files in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.file.file_size_in_bytes()).sum()
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.file.record_count()).sum()
    }
}

/// A rewrite that was committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Number of files that were replaced.
    pub files_before: usize,
    /// Number of files that replace them.
    pub files_after: usize,
    /// Bytes that were read.
    pub bytes_before: u64,
    /// Bytes that were written.
    pub bytes_after: u64,
    /// Number of rows.
    pub rows: u64,
}

/// Returns the rewrites that are due; see [`Lake::plan_compaction`](crate::Lake::plan_compaction).
pub(crate) async fn plan_compaction(
    table: &OpenTable,
    settings: &CompactionSettings,
) -> Result<CompactionPlan> {
    let state = match current_files::read(table).await {
        Ok(state) => state,
        Err(error @ Error::Unreadable { .. }) => {
            return Ok(CompactionPlan {
                left_alone: Some(error.to_string()),
                ..CompactionPlan::default()
            });
        }
        Err(error) => return Err(error),
    };
    let now_ms = (table.config.now_ms)();
    let bounds = Bounds {
        target_bytes: settings.target_bytes,
        closed: false,
    };
    let small = |file: &&LakeFile| file.file.file_size_in_bytes() < bounds.done_bytes();
    let small_files = state.files.iter().filter(small).count();
    let left_alone = compacted_elsewhere(&state, now_ms);
    let groups = match left_alone {
        Some(_) => Vec::new(),
        None => groups(table, &state, settings, now_ms)?,
    };
    Ok(CompactionPlan {
        groups,
        state: Some(state),
        small_files,
        left_alone,
    })
}

/// Returns the groups of files that are due, the most useful first.
fn groups(
    table: &OpenTable,
    state: &TableState,
    settings: &CompactionSettings,
    now_ms: i64,
) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    let schema = Arc::new(schema_to_arrow_schema(&state.schema)?);
    let today = i32::try_from(now_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
    for (day, files) in by_day(state) {
        let small: Vec<Small> = files
            .iter()
            .map(|file| Small {
                bytes: file.file.file_size_in_bytes(),
                sequence_number: file.sequence_number,
                age: age(state, file, now_ms),
            })
            .collect();
        let bounds = Bounds {
            target_bytes: settings.target_bytes,
            closed: day < today,
        };
        for group in plan(&small, bounds) {
            groups.push(Group {
                table: table.definition.name,
                day: files[group[0]].day(),
                files: group.into_iter().map(|index| files[index].clone()).collect(),
                schema: Arc::clone(&schema),
            });
        }
    }
    // The day that most queries read comes first.
    groups.sort_by_key(|group| std::cmp::Reverse(group.day));
    Ok(groups)
}

/// Rewrites the files of a group; see [`Lake::compact`](crate::Lake::compact).
pub(crate) async fn compact(
    table: &Arc<OpenTable>,
    group: &Group,
    settings: &CompactionSettings,
    pace: &Arc<Pace>,
) -> Result<Compacted> {
    let old: Vec<DataFile> = group.files.iter().map(|file| file.file.clone()).collect();
    let Some(day) = old.first().map(|file| lake_file::day(file.partition())) else {
        return Ok(Compacted::default());
    };
    let limits = Limits {
        target_bytes: settings.target_bytes,
        memory_bytes: settings.memory_bytes,
    };
    let (inputs, schema, pace) = (old.clone(), Arc::clone(&group.schema), Arc::clone(pace));
    let rewriting = move |table: &OpenTable, files: &mut Vec<DataFile>| {
        pace.start();
        let input = Input {
            day,
            files: &inputs,
            without: None,
        };
        rewrite(table, &schema, input, limits, &pace, files)
    };
    let new = write::write_or_delete(table, rewriting).await?;
    let compacted = Compacted {
        files_before: old.len(),
        files_after: new.len(),
        bytes_before: group.bytes(),
        bytes_after: new.iter().map(DataFile::file_size_in_bytes).sum(),
        rows: group.rows(),
    };
    match replace(table, &old, &new).await {
        Ok(_) => Ok(compacted),
        // The files may be committed. The sweep finds them if they are not.
        Err(error @ Error::CommitStateUnknown { .. }) => Err(error),
        Err(error) => {
            table.delete(&new).await;
            Err(error)
        }
    }
}

/// Returns the Parquet files of each day that has more than one, by day since 1970-01-01 UTC.
fn by_day(state: &TableState) -> BTreeMap<i32, Vec<&LakeFile>> {
    let mut days: BTreeMap<i32, Vec<&LakeFile>> = std::collections::BTreeMap::new();
    let parquet = |file: &&LakeFile| file.file.file_format() == DataFileFormat::Parquet;
    for file in state.files.iter().filter(parquet) {
        days.entry(lake_file::day(file.file.partition()))
            .or_default()
            .push(file);
    }
    days.retain(|_, files| files.len() > 1);
    days
}

/// Returns the time since the newest rows of a file were committed, as far as it can be proven.
///
/// The first kept snapshot that has the file is a lower bound, and so is the time in the name of a file written here.
fn age(state: &TableState, file: &LakeFile, now_ms: i64) -> Duration {
    let after = state
        .snapshots
        .partition_point(|snapshot| snapshot.sequence_number() < file.sequence_number);
    let committed = state
        .snapshots
        .get(after)
        .map_or(now_ms, |snapshot| retention::committed_ms(snapshot));
    let written = written_ms(file.file.file_path()).unwrap_or(now_ms);
    let since = now_ms.saturating_sub(committed.min(written));
    Duration::from_millis(u64::try_from(since).unwrap_or_default())
}

/// Returns the time in a file name of version 7 of UUIDs, in milliseconds since 1970 UTC.
fn written_ms(path: &str) -> Option<i64> {
    let (_, name) = path.rsplit_once('/')?;
    let uuid = Uuid::try_parse(name.strip_suffix(".parquet")?).ok()?;
    let (seconds, nanos) = uuid.get_timestamp()?.to_unix();
    i64::try_from(seconds * 1000 + u64::from(nanos / 1_000_000)).ok()
}

/// Returns a sentence if another program has compacted the table within [`STAND_BACK`]. Two that rewrite the same files
/// would undo each other's work.
fn compacted_elsewhere(state: &TableState, now_ms: i64) -> Option<String> {
    let limit = i64::try_from(STAND_BACK.as_millis()).unwrap_or(i64::MAX);
    let foreign = state.snapshots.iter().rfind(|snapshot| {
        snapshot.summary().operation == Operation::Replace
            && !unreachable_files::is_ours(snapshot)
            && now_ms - snapshot.timestamp_ms() < limit
    })?;
    let at = jiff::Timestamp::from_millisecond(foreign.timestamp_ms()).unwrap_or_default();
    Some(format!(
        "another program compacted the table at {at}; it is left to that program until a day has passed"
    ))
}

#[cfg(test)]
mod tests;
