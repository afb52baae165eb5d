//! Staging: fills a day from the lake into tables of its own, with the same views, and then replaces the day of the
//! real tables.

use std::collections::BTreeSet;

use jiff::civil::Date;
use lakefront_hot_tier::View;
use uuid::Uuid;

use crate::clickhouse::{Tables, Target};
use crate::day;
use crate::error::{Error, Result};
use crate::ledger::DataFile;
use crate::load::Loader;

/// The part that the names of all staging tables contain.
const MARK: &str = "__staging_";

/// The most rows of one insert into staging. Smaller inserts show progress and fit into memory.
const ROWS_AT_ONCE: u64 = 4_000_000;
/// The most files of one insert into staging.
const FILES_AT_ONCE: usize = 64;

/// The table that returns a trace's time by its id, filled from `otel_traces`: see `clickhouse/migrations`.
const TRACE_IDS: &str = "otel_traces_trace_id_ts";
const TRACES: &str = "otel_traces";

/// The most rows that staging tables hold before new ones are created. `REPLACE PARTITION` shares files between two
/// tables, but a merge in one of them ends that.
const HELD_ROWS: u64 = 4_000_000;
/// The most days that staging tables hold before new ones are created.
const HELD_DAYS: usize = 100;

/// Staging tables. They serve several days in turn, because creating them takes longer than filling a small day.
#[derive(Debug)]
pub struct Staging {
    /// The suffix of the tables' names, unique to this value.
    suffix: String,
    parts: Parts,
    /// The tables to replace: views, and raw tables if they are kept.
    replaced: Vec<String>,
    /// The days that were filled. Their rows stay until the tables are dropped.
    days: BTreeSet<Date>,
    rows: u64,
}

/// The tables that [`Staging`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The raw tables to load.
    pub sources: Vec<&'static str>,
    /// The views to fill.
    pub views: Vec<&'static View>,
    /// True if rows of the raw tables are kept. Otherwise they only pass through to the views.
    pub keep_raw: bool,
}

impl Staging {
    /// Creates the staging tables.
    ///
    /// # Errors
    /// When ClickHouse fails.
    pub async fn create(target: &Target, parts: Parts) -> Result<Self> {
        let suffix = format!("{MARK}{}", &Uuid::new_v4().simple().to_string()[..8]);
        let mut replaced = Vec::new();
        for table in &parts.sources {
            let engine = if parts.keep_raw { "" } else { " ENGINE = Null" };
            let create = format!("CREATE TABLE otel.{table}{suffix} AS otel.{table}{engine}");
            run(target, &create).await?;
            if parts.keep_raw {
                replaced.push((*table).to_owned());
            }
            if parts.keep_raw && *table == TRACES {
                create_trace_ids(target, &suffix).await?;
                replaced.push(TRACE_IDS.to_owned());
            }
        }
        for view in &parts.views {
            for statement in view.ddl(&suffix) {
                run(target, &statement).await?;
            }
            replaced.push(view.table());
        }
        Ok(Self {
            suffix,
            parts,
            replaced,
            days: BTreeSet::new(),
            rows: 0,
        })
    }

    /// Returns true if the tables are those of `parts`, have nothing of `day`, and have room for it.
    pub fn serves(&self, parts: &Parts, day: Date) -> bool {
        self.parts == *parts
            && !self.days.contains(&day)
            && self.days.len() < HELD_DAYS
            && self.rows < HELD_ROWS
    }

    /// Fills the tables with files of one table's day. `loader` names the table of the lake. `done` is called with the
    /// files and rows of each insert.
    ///
    /// # Errors
    /// When ClickHouse fails. [`Error::Count`] when rows are kept and their number differs from the lake's count.
    pub async fn fill(
        &mut self,
        mut loader: Loader<'_>,
        day: Date,
        files: &[DataFile],
        mut done: impl FnMut(usize, u64),
    ) -> Result<()> {
        self.days.insert(day);
        let table = loader.table;
        loader.table = format!("{table}{}", self.suffix);
        for batch in batches(files) {
            loader.stage(batch).await?;
            let rows = batch.iter().map(|file| file.rows).sum();
            self.rows += rows;
            done(batch.len(), rows);
        }
        if self.replaced.contains(&table) {
            let expected = files.iter().map(|file| file.rows).sum();
            let id = day::partition_id(day);
            let count = format!(
                "SELECT count() FROM otel.{} WHERE _partition_id = '{id}'",
                loader.table
            );
            let found: u64 = loader.target.fetch_one("count rows", &count).await?;
            if found != expected {
                return Err(Error::Count {
                    table,
                    day,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Returns the name of the staging table for the table `of`.
    pub fn table(&self, of: &str) -> String {
        format!("{of}{}", self.suffix)
    }

    /// Replaces the day, one table after the other, each atomically. After a failure all of it must be repeated.
    ///
    /// # Errors
    /// When ClickHouse fails.
    pub async fn replace(&self, target: &Target, day: Date) -> Result<()> {
        let id = day::partition_id(day);
        let action = format!("put {day} in place");
        for table in &self.replaced {
            // An empty staging table empties the day. A missing one changes nothing.
            let staging = self.table(table);
            target.replace_partition(&action, table, &id, &staging).await?;
        }
        Ok(())
    }

    /// Drops the staging tables.
    ///
    /// # Errors
    /// When ClickHouse fails. [`drop_leftovers`] drops the tables later.
    pub async fn drop(self, target: &Target) -> Result<()> {
        let tables = target.tables().await?;
        for sql in drops(&tables, &self.suffix) {
            target.execute_unfenced("drop staging tables", &sql).await?;
        }
        Ok(())
    }
}

async fn create_trace_ids(target: &Target, suffix: &str) -> Result<()> {
    let create = format!("CREATE TABLE otel.{TRACE_IDS}{suffix} AS otel.{TRACE_IDS}");
    run(target, &create).await?;
    let select: String = target
        .fetch_one(
            "read a view's definition",
            &format!(
                "SELECT as_select FROM system.tables WHERE database = 'otel' AND name = '{TRACE_IDS}_mv'"
            ),
        )
        .await?;
    let select = select.replace(
        &format!("FROM otel.{TRACES}"),
        &format!("FROM otel.{TRACES}{suffix}"),
    );
    let create = format!(
        "CREATE MATERIALIZED VIEW otel.{TRACE_IDS}{suffix}_mv TO otel.{TRACE_IDS}{suffix} AS {select}"
    );
    run(target, &create).await
}

async fn run(target: &Target, statement: &str) -> Result<()> {
    Ok(target
        .execute_unfenced("create staging tables", statement)
        .await?)
}

/// Drops the staging tables of interrupted attempts.
///
/// # Errors
/// When ClickHouse fails.
pub async fn drop_leftovers(target: &Target, tables: &Tables) -> Result<()> {
    for sql in drops(tables, MARK) {
        // The check of the lease prevents a sync that has lost the lease from dropping the tables of its successor.
        target.execute("drop staging tables", &sql).await?;
    }
    Ok(())
}

/// Returns the statements that drop all tables whose names contain `mark`.
fn drops(tables: &Tables, mark: &str) -> Vec<String> {
    let staged = tables.with_prefix("").filter(|name| name.contains(mark));
    // Materialized views are dropped before the tables that they read and fill.
    let (views, tables): (Vec<&str>, Vec<&str>) =
        staged.partition(|name| name.contains("_from_") || name.ends_with("_mv"));
    let names = views.into_iter().chain(tables);
    names
        .map(|name| format!("DROP TABLE IF EXISTS otel.{name} SYNC"))
        .collect()
}

/// Splits files into groups with a bounded number of rows and files.
fn batches(files: &[DataFile]) -> Vec<&[DataFile]> {
    let mut batches = Vec::new();
    let mut start = 0;
    let mut rows = 0;
    for (index, file) in files.iter().enumerate() {
        let full = index - start == FILES_AT_ONCE || rows + file.rows > ROWS_AT_ONCE;
        if full && index > start {
            batches.push(&files[start..index]);
            start = index;
            rows = 0;
        }
        rows += file.rows;
    }
    if start < files.len() {
        batches.push(&files[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn files_are_grouped_by_number_and_rows() {
        let file = |rows| DataFile {
            table: "otel_logs",
            path: String::new(),
            path_in_table: String::new(),
            day: date(2026, 3, 1),
            rows,
            sequence_number: 1,
        };
        let sizes = |files: &[DataFile]| batches(files).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&vec![file(1); 130]), [64, 64, 2]);
        assert_eq!(
            sizes(&[file(3_000_000), file(3_000_000), file(9_000_000)]),
            [1, 1, 1]
        );
    }
}
