//! A day in staging tables: filled from the lake by the same views, then put in the place of what the tables hold.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lakefront_query::View;
use uuid::Uuid;

use crate::day;
use crate::error::{Error, Result};
use crate::ledger::DataFile;
use crate::load::Loader;
use crate::target::{Tables, Target};

/// What the names of all staging tables contain.
const MARK: &str = "__staging_";

/// Rows and files of one insert into staging, so that a day shows progress and fits into memory.
const ROWS_AT_ONCE: u64 = 4_000_000;
const FILES_AT_ONCE: usize = 64;

/// The table that finds a trace's time by its id, filled from `otel_traces`: see `clickhouse/migrations`.
const TRACE_IDS: &str = "otel_traces_trace_id_ts";
const TRACES: &str = "otel_traces";

/// Staging tables of one attempt to build a day.
#[derive(Debug)]
pub struct Staging<'a> {
    target: &'a Target,
    day: Date,
    /// No two attempts share tables: one that was given up can't spoil the next.
    suffix: String,
    /// Raw tables.
    sources: Vec<&'static str>,
    /// Tables that are replaced: raw ones where they keep the day, and views.
    replaced: Vec<String>,
}

impl<'a> Staging<'a> {
    /// Creates the tables.
    ///
    /// `keep_raw`: whether rows of the raw tables are kept, or only pass through to the views.
    ///
    /// # Errors
    /// What the server says.
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
            sources: sources.to_vec(),
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
            .one(
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

    /// Fills the tables with files of that table's day; `loader` names the table in the lake.
    ///
    /// # Errors
    /// What the server says; [`Error::Count`] when rows are kept and are not as many as the lake counts.
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
                .one(
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

    /// Name of the staging table that stands for that one.
    pub fn table(&self, of: &str) -> String {
        format!("{of}{}", self.suffix)
    }

    /// The tables that [`Staging::replace`] replaces.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// Puts the day in place: one table after the other, each at once. To be repeated from the start when it fails.
    ///
    /// # Errors
    /// What the server says.
    pub async fn replace(&self) -> Result<()> {
        let id = day::partition_id(self.day);
        let doing = format!("put {} in place", self.day);
        for table in &self.replaced {
            // The day is emptied where nothing was staged, but never for want of the staging table.
            let staging = self.table(table);
            self.target
                .replace_partition(&doing, table, &id, &staging)
                .await?;
        }
        Ok(())
    }

    /// Drops the tables.
    ///
    /// # Errors
    /// What the server says; [`sweep`] drops them later.
    pub async fn drop(self) -> Result<()> {
        let tables = self.target.tables().await?;
        for sql in drops(&tables, &self.suffix) {
            self.target.scratch("drop staging tables", &sql).await?;
        }
        Ok(())
    }

    async fn run(&self, statement: &str) -> Result<()> {
        let doing = format!("build {} in staging", self.day);
        Ok(self.target.scratch(&doing, statement).await?)
    }

    /// The raw tables it is filled by.
    pub fn sources(&self) -> &[&'static str] {
        &self.sources
    }
}

/// Drops what attempts that were cut short left.
///
/// # Errors
/// What the server says.
pub async fn sweep(target: &Target, tables: &Tables) -> Result<()> {
    for sql in drops(tables, MARK) {
        // Those of another are not swept by one that holds the lease no more.
        target.execute("drop staging tables", &sql).await?;
    }
    Ok(())
}

/// The statements that drop all tables whose names contain `mark`.
fn drops(tables: &Tables, mark: &str) -> Vec<String> {
    let staged = tables.beginning("").filter(|name| name.contains(mark));
    // Materialized views before the tables they read and fill.
    let (views, tables): (Vec<&str>, Vec<&str>) =
        staged.partition(|name| name.contains("_from_") || name.ends_with("_mv"));
    let names = views.into_iter().chain(tables);
    names
        .map(|name| format!("DROP TABLE IF EXISTS otel.{name} SYNC"))
        .collect()
}

/// The files in groups of a bounded number of rows.
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

/// Rows by name of what a day's files hold.
pub fn rows_by_table(files: &BTreeMap<&'static str, Vec<DataFile>>) -> u64 {
    files.values().flatten().map(|file| file.rows).sum()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn files_are_grouped_by_number_and_rows() {
        let file = |rows| DataFile {
            path: String::new(),
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
