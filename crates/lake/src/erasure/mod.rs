//! Erasing rows: the files that have them are rewritten without them, and so is the history that still reaches them.
//!
//! 1. The files of each day are rewritten and replaced in one commit, as an overwrite. The new files get a new sequence
//!    number, so that a program that follows the lake does not take them for a compaction of the same rows.
//! 2. Every other data file on the store is read. Those with such rows are deleted, and then the snapshots that reach
//!    them expire.
//! 3. Every data file on the store is read again.
//!
//! Each step finds out by itself what is left, so that a run that was killed is repeated from the start.

pub(crate) mod condition;
mod history;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{DataFile, Operation};
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::commit::{Change, commit};
use crate::compaction::pace::Pace;
use crate::compaction::rewrite::{self, Input, Limits};
use crate::current_files;
use crate::erasure::condition::Condition;
use crate::error::{Error, Result};
use crate::lake_file::{self, LakeFile};
use crate::table::OpenTable;
use crate::write;

/// Number of times that the files are looked up because another commit replaced some of them meanwhile.
const ATTEMPTS: usize = 10;
/// Rows that are read at a time.
const BATCH_ROWS: usize = 8 * 1024;
/// Memory of a rewrite, in bytes.
const MEMORY: usize = 256 << 20;
/// Size of the rewritten files, in bytes.
const TARGET_BYTES: u64 = 192 << 20;

/// The selected rows of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectedDay {
    /// The UTC day.
    pub day: Date,
    /// Number of data files that have selected rows.
    pub files: usize,
    /// Number of rows in these files.
    pub rows: u64,
    /// Number of selected rows.
    pub selected: u64,
}

/// The rows of a table that a condition selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// Number of rows of the table.
    pub rows: u64,
    /// The days with selected rows, oldest first.
    pub days: Vec<SelectedDay>,
}

impl Selected {
    /// Returns the number of selected rows.
    pub fn selected(&self) -> u64 {
        self.days.iter().map(|day| day.selected).sum()
    }
}

/// The result of reading every data file that a table has on the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Number of data files that were read.
    pub files: usize,
    /// Number of rows of the table.
    pub rows: u64,
    /// Number of selected rows of the table. They came in meanwhile.
    pub selected: u64,
    /// Locations of other data files with selected rows. No snapshot reaches them, but they may belong to a commit
    /// under way.
    pub uncommitted: Vec<String>,
    /// Number of snapshots that expired.
    pub expired: usize,
    /// Number of data files that were deleted, beside those that rewrites replaced and other tasks deleted.
    pub deleted: usize,
}

impl Proof {
    /// Returns true if no data file on the store has selected rows.
    pub fn is_clean(&self) -> bool {
        self.selected == 0 && self.uncommitted.is_empty()
    }
}

/// The rows of current files that a condition selects.
#[derive(Debug)]
struct Found {
    rows: u64,
    /// The files with selected rows, and the number of these rows.
    hits: Vec<(LakeFile, u64)>,
}

/// Returns the rows that the condition selects; see [`Lake::selected_rows`](crate::Lake::selected_rows).
pub(crate) async fn selected_rows(table: &Arc<OpenTable>, condition: &Condition) -> Result<Selected> {
    Ok(selected(&find(table, condition).await?))
}

fn selected(found: &Found) -> Selected {
    let days = by_day(found.hits.clone()).into_values();
    Selected {
        rows: found.rows,
        days: days.map(|hits| sums(&hits)).collect(),
    }
}

/// Takes the selected rows out of the current snapshot; see [`Lake::erase`](crate::Lake::erase).
pub(crate) async fn erase(
    table: &Arc<OpenTable>,
    condition: &Condition,
    pace: &Arc<Pace>,
    mut done: impl FnMut(&SelectedDay),
) -> Result<Selected> {
    let mut first = None;
    let mut attempt = 1;
    loop {
        let found = find(table, condition).await?;
        let before = first.get_or_insert_with(|| selected(&found)).clone();
        let mut replaced = None;
        for (_, hits) in by_day(found.hits) {
            match erase_day(table, condition, &hits, pace).await {
                Ok(()) => done(&sums(&hits)),
                // Another commit has replaced some of the files. The next look finds their rows.
                Err(error @ Error::NotCurrent { .. }) => replaced = Some(error),
                Err(error) => return Err(error),
            }
        }
        match replaced {
            Some(error) if attempt == ATTEMPTS => return Err(error),
            Some(_) => attempt += 1,
            None => return Ok(before),
        }
    }
}

/// Removes the history that has selected rows, and reads all data files again; see
/// [`Lake::erase_history`](crate::Lake::erase_history).
pub(crate) async fn erase_history(table: &Arc<OpenTable>, condition: &Condition) -> Result<Proof> {
    let Some(schema) = compared(table, condition).await? else {
        return Ok(Proof {
            rows: rows_of(&current_files::read(table).await?.files),
            ..Proof::default()
        });
    };
    let removed = history::remove(table, condition, &schema).await?;
    let proof = history::read_all(table, condition, &schema).await?;
    Ok(Proof {
        expired: removed.snapshots,
        deleted: removed.files,
        ..proof
    })
}

/// Returns the columns that the condition compares, with the ids of the current schema. `None` if the table lacks one.
async fn compared(table: &OpenTable, condition: &Condition) -> Result<Option<SchemaRef>> {
    let Some(columns) = condition.columns(table.definition) else {
        return Ok(None);
    };
    let committed = table.committed().await?;
    let schema = schema_to_arrow_schema(committed.metadata.current_schema())?;
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .filter(|field| columns.contains(&field.name().as_str()))
        .cloned()
        .collect();
    Ok((fields.len() == columns.len()).then(|| Arc::new(Schema::new(fields))))
}

async fn find(table: &Arc<OpenTable>, condition: &Condition) -> Result<Found> {
    let mut attempt = 1;
    loop {
        let schema = compared(table, condition).await?;
        let state = current_files::read(table).await?;
        let rows = rows_of(&state.files);
        let Some(schema) = schema else {
            return Ok(Found {
                rows,
                hits: Vec::new(),
            });
        };
        let files: Vec<LakeFile> = state
            .files
            .into_iter()
            .filter(|file| condition.may_select(lake_file::day(file.file.partition())))
            .collect();
        let locations = files
            .iter()
            .map(|file| file.file.file_path().to_owned())
            .collect();
        let counts = count(table, condition, &schema, locations).await?;
        // A file that is gone was replaced meanwhile. Its rows are in another one.
        if counts.iter().all(Option::is_some) {
            let hits = files.into_iter().zip(counts.into_iter().flatten());
            return Ok(Found {
                rows,
                hits: hits.filter(|(_, selected)| *selected > 0).collect(),
            });
        }
        if attempt == ATTEMPTS {
            return Err(Error::Conflict {
                table: table.definition.name.to_owned(),
                attempts: ATTEMPTS as u32,
            });
        }
        attempt += 1;
    }
}

/// Rewrites files of one day without the selected rows, and replaces them in one commit.
async fn erase_day(
    table: &Arc<OpenTable>,
    condition: &Condition,
    hits: &[(LakeFile, u64)],
    pace: &Arc<Pace>,
) -> Result<()> {
    let old: Vec<DataFile> = hits.iter().map(|(file, _)| file.file.clone()).collect();
    let Some(day) = old.first().map(|file| lake_file::day(file.partition())) else {
        return Ok(());
    };
    let schema = table.committed().await?.metadata.current_schema().clone();
    let schema = Arc::new(schema_to_arrow_schema(&schema)?);
    let limits = Limits {
        target_bytes: TARGET_BYTES,
        memory_bytes: MEMORY,
    };
    let (inputs, without, pace) = (old.clone(), condition.clone(), Arc::clone(pace));
    let rewriting = move |table: &OpenTable, files: &mut Vec<DataFile>| {
        pace.start();
        let input = Input {
            day,
            files: &inputs,
            without: Some(&without),
        };
        rewrite::rewrite(table, &schema, input, limits, &pace, files)
    };
    let new = write::write_or_delete(table, rewriting).await?;
    let removed: HashMap<String, i32> = old
        .iter()
        .map(|file| (file.file_path().to_owned(), day))
        .collect();
    let change = Change::replacing(Operation::Overwrite, &removed, &new);
    match commit(table, change).await {
        Ok(_) => Ok(()),
        // The files may be committed.
        Err(error @ Error::CommitStateUnknown { .. }) => Err(error),
        Err(error) => {
            table.delete(&new).await;
            Err(error)
        }
    }
}

/// Returns the number of selected rows of each data file, and `None` for a file that is gone. The work runs on the
/// blocking pool.
async fn count(
    table: &Arc<OpenTable>,
    condition: &Condition,
    schema: &SchemaRef,
    locations: Vec<String>,
) -> Result<Vec<Option<u64>>> {
    let (table, condition, schema) = (Arc::clone(table), condition.clone(), Arc::clone(schema));
    let counting = move || -> Result<Vec<Option<u64>>> {
        let counts = locations
            .iter()
            .map(|location| match count_in(&table, &condition, &schema, location) {
                Ok(count) => Ok(Some(count)),
                Err(error) => {
                    let exists = table.storage.file_io().exists(location);
                    match tokio::runtime::Handle::current().block_on(exists)? {
                        true => Err(error),
                        false => Ok(None),
                    }
                }
            });
        counts.collect()
    };
    tokio::task::spawn_blocking(counting).await?
}

fn count_in(table: &OpenTable, condition: &Condition, schema: &SchemaRef, location: &str) -> Result<u64> {
    let input = table.storage.open(location)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(input)?;
    let indices = schema
        .fields()
        .iter()
        .filter_map(|field| rewrite::position(builder.schema(), field));
    let mask = ProjectionMask::roots(builder.parquet_schema(), indices.collect::<Vec<_>>());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut count = 0;
    for batch in reader {
        let batch = rewrite::conform(table, schema, &batch?)?;
        count += condition.select(table.definition, &batch).true_count() as u64;
    }
    Ok(count)
}

fn by_day(hits: Vec<(LakeFile, u64)>) -> BTreeMap<Date, Vec<(LakeFile, u64)>> {
    let mut days: BTreeMap<Date, Vec<(LakeFile, u64)>> = BTreeMap::new();
    for hit in hits {
        days.entry(hit.0.day()).or_default().push(hit);
    }
    days
}

fn sums(hits: &[(LakeFile, u64)]) -> SelectedDay {
    SelectedDay {
        day: hits.first().map_or(Date::default(), |(file, _)| file.day()),
        files: hits.len(),
        rows: hits.iter().map(|(file, _)| file.file.record_count()).sum(),
        selected: hits.iter().map(|(_, selected)| selected).sum(),
    }
}

fn rows_of(files: &[LakeFile]) -> u64 {
    files.iter().map(|file| file.file.record_count()).sum()
}

/// Returns the keys of current data files; see [`location::key`](crate::location::key).
fn keys(files: &[LakeFile]) -> BTreeSet<String> {
    let key = |file: &LakeFile| crate::location::key(file.file.file_path()).to_owned();
    files.iter().map(key).collect()
}
