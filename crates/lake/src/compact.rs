//! Compaction, which merges many small data files and replaces them with the result.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{DataFile, Operation};

use crate::commit::{Change, Commit, commit};
use crate::compaction::pace::Pace;
use crate::compaction::rewrite::{Input, Limits, rewrite};
use crate::error::{Error, Result};
use crate::lake_file::day;
use crate::table::OpenTable;
use crate::write;

/// Memory of a merge, in bytes.
const MERGE_MEMORY: usize = 256 << 20;

/// Writes the rows of the files into one new file for each day; see [`Lake::merge`](crate::Lake::merge).
pub(crate) async fn merge(table: &Arc<OpenTable>, files: Vec<DataFile>) -> Result<Vec<DataFile>> {
    let schema = Arc::new(schema_to_arrow_schema(
        table.committed().await?.metadata.current_schema(),
    )?);
    let merge =
        move |table: &OpenTable, merged: &mut Vec<DataFile>| merge_days(table, &schema, &files, merged);
    write::write_or_delete(table, merge).await
}

/// Replaces files in one commit; see [`Lake::replace`](crate::Lake::replace).
pub(crate) async fn replace(table: &OpenTable, old: &[DataFile], new: &[DataFile]) -> Result<Commit> {
    let removed: HashMap<String, i32> = old
        .iter()
        .map(|file| (file.file_path().to_owned(), day(file.partition())))
        .collect();
    let change = Change::replacing(Operation::Replace, &removed, new);
    // Only a commit with a log position can be a repeat.
    commit(table, change).await?.ok_or_else(|| Error::NotCurrent {
        table: table.definition.name.to_owned(),
        missing: 0,
    })
}

/// Merges the files of each day into one, and adds the new files to `merged`.
fn merge_days(
    table: &OpenTable,
    schema: &SchemaRef,
    files: &[DataFile],
    merged: &mut Vec<DataFile>,
) -> Result<()> {
    let mut days: BTreeMap<i32, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        days.entry(day(file.partition())).or_default().push(file.clone());
    }
    let limits = Limits {
        target_bytes: u64::MAX,
        memory_bytes: MERGE_MEMORY,
    };
    for (day, files) in days {
        let mut of_day = Vec::new();
        let input = Input {
            day,
            files: &files,
            without: None,
        };
        let rewritten = rewrite(table, schema, input, limits, &Pace::new(100), &mut of_day);
        merged.append(&mut of_day);
        rewritten?;
    }
    Ok(())
}
