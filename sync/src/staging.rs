//! Staging: fills a day from the lake into tables of its own, with the same views, and then replaces the day of the
//! real tables.

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

/// The staging tables of one attempt to build a day.
#[derive(Debug)]
pub struct Staging<'a> {
    target: &'a Target,
    day: Date,
    /// The suffix of the tables' names, unique to the attempt. A failed attempt therefore cannot affect the next one.
    suffix: String,
    /// The tables to replace: views, and raw tables if they keep the day.
    replaced: Vec<String>,
}

impl<'a> Staging<'a> {
    /// Creates the staging tables.
    ///
    /// With `keep_raw`, rows of the raw tables are kept. Otherwise they only pass through to the views.
    ///
    /// # Errors
    /// When ClickHouse fails.
    pub async fn create(
        target: &'a Target,
        sources: &[&'static str],
        views: &[&'static View],
        day: Date,
        keep_raw: bool,
    ) -> Result<Self> {
        let suffix = format!("{MARK}{}", &Uuid::new_v4().simple().to_string()[..8]);
        let mut staging = Self {
            target,
            day,
            suffix,
            replaced: Vec::new(),
        };
        let suffix = staging.suffix.clone();
        for table in sources {
            let engine = if keep_raw { "" } else { " ENGINE = Null" };
            staging
                .run(&format!(
                    "CREATE TABLE otel.{table}{suffix} AS otel.{table}{engine}"
                ))
                .await?;
            if keep_raw {
                staging.replaced.push((*table).to_owned());
            }
            if keep_raw && *table == TRACES {
                staging.create_trace_ids().await?;
            }
        }
        for view in views {
            for statement in view.ddl(&suffix) {
                staging.run(&statement).await?;
            }
            staging.replaced.push(view.table());
        }
        Ok(staging)
    }

    async fn create_trace_ids(&mut self) -> Result<()> {
        let suffix = &self.suffix;
        self.run(&format!(
            "CREATE TABLE otel.{TRACE_IDS}{suffix} AS otel.{TRACE_IDS}"
        ))
        .await?;
        let select: String = self
            .target
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
        self.run(&format!(
            "CREATE MATERIALIZED VIEW otel.{TRACE_IDS}{suffix}_mv TO otel.{TRACE_IDS}{suffix} AS {select}"
        ))
        .await?;
        self.replaced.push(TRACE_IDS.to_owned());
        Ok(())
    }

    /// Fills the tables with files of one table's day. `loader` names the table of the lake. `done` is called with the
    /// files and rows of each insert.
    ///
    /// # Errors
    /// When ClickHouse fails. [`Error::Count`] when rows are kept and their number differs from the lake's count.
    pub async fn fill(
        &self,
        mut loader: Loader<'_>,
        files: &[DataFile],
        mut done: impl FnMut(usize, u64),
    ) -> Result<()> {
        let table = loader.table;
        loader.table = format!("{table}{}", self.suffix);
        for batch in batches(files) {
            loader.stage(batch).await?;
            done(batch.len(), batch.iter().map(|file| file.rows).sum());
        }
        if self.replaced.contains(&table) {
            let expected = files.iter().map(|file| file.rows).sum();
            let found: u64 = self
                .target
                .fetch_one(
                    "count rows",
                    &format!("SELECT count() FROM otel.{}", loader.table),
                )
                .await?;
            if found != expected {
                return Err(Error::Count {
                    table,
                    day: self.day,
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
    pub async fn replace(&self) -> Result<()> {
        let id = day::partition_id(self.day);
        let action = format!("put {} in place", self.day);
        for table in &self.replaced {
            // An empty staging table empties the day. A missing one changes nothing.
            let staging = self.table(table);
            self.target
                .replace_partition(&action, table, &id, &staging)
                .await?;
        }
        Ok(())
    }

    /// Drops the staging tables.
    ///
    /// # Errors
    /// When ClickHouse fails. [`drop_leftovers`] drops the tables later.
    pub async fn drop(self) -> Result<()> {
        let tables = self.target.tables().await?;
        for sql in drops(&tables, &self.suffix) {
            self.target.execute_unfenced("drop staging tables", &sql).await?;
        }
        Ok(())
    }

    async fn run(&self, statement: &str) -> Result<()> {
        let action = format!("build {} in staging", self.day);
        Ok(self.target.execute_unfenced(&action, statement).await?)
    }
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
