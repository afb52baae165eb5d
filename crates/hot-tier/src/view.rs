//! The materialized views of the hot tier and their DDL.

use serde::{Deserialize, Serialize};

/// A materialized view of the hot tier, which ClickHouse updates with every insert into its raw tables.
///
/// Its rows are either aggregate states that merge exactly, or single rows of a raw table with few columns. A changed
/// definition becomes a new table beside the old one, so that no query reads a half-changed view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The logical name, as in `otel.coverage`: `mv_errors`.
    pub name: String,
    /// A hash of the definition and of the mapping from OTLP to promoted columns, 12 hex digits.
    pub version: String,
    /// Number of whole UTC days before today that queries may read. Parts are dropped two days later.
    pub retention_days: u16,
    /// The raw tables that feed the view, without a database.
    pub sources: Vec<String>,
    /// One statement per source, in the order of `sources`: a `SELECT` of states of the source's rows, or of single
    /// rows. A statement names its source exactly once.
    pub selects: Vec<String>,
    /// The columns of the sort key.
    ///
    /// The first is the time in UTC: `Bucket` (15 minutes, or a day) or `Day`. A view of single rows has `Timestamp`
    /// and `RowId` as its last columns instead.
    pub keys: Vec<String>,
    /// The other columns: aggregate states, or further columns of a single row.
    pub others: Vec<String>,
}

/// Seconds after the last insert until all parts of a day are merged into one. Queries then read fewer states, from
/// fewer parts.
const MERGED_AFTER: u32 = 60;

/// Days between the end of the retention and the TTL. ClickHouse drops whole parts, and queries must not read a day of
/// which a part may be gone.
const SLACK_DAYS: u16 = 2;

/// Settings of a view of single rows. Queries read few of its rows, with all columns. Compact parts store all
/// columns in one file, and small granules limit how many other rows are read with a row.
const OF_ROWS: &str = ",\n    index_granularity = 1024, min_bytes_for_wide_part = 1099511627776";

impl View {
    /// Returns the name of this version's table, without a database: `mv_errors_3f2a91c0d1e2`.
    pub fn table(&self) -> String {
        format!("{}_{}", self.name, self.version)
    }

    /// Returns the number of whole UTC days before today that the lake must keep, so that the view can be filled again.
    pub fn least_lake_days(&self) -> u16 {
        self.retention_days + SLACK_DAYS
    }

    /// Returns a view of the same rows with one bucket per UTC day, without a version. Returns `None` if the view has
    /// no `Bucket`.
    ///
    /// A long range then merges a ninety-sixth of the states.
    pub fn by_day(&self, retention_days: u16) -> Option<Self> {
        const QUARTER: &str = "toStartOfFifteenMinutes(Timestamp)";
        let all = self.selects.iter().all(|select| select.contains(QUARTER));
        let day = |select: &String| select.replacen(QUARTER, "toStartOfDay(Timestamp, 'UTC')", 1);
        all.then(|| Self {
            name: format!("{}_by_day", self.name),
            version: String::new(),
            retention_days,
            selects: self.selects.iter().map(day).collect(),
            ..self.clone()
        })
    }

    /// Returns the SQL expression for the UTC day of a row of the view. The table is partitioned by it.
    pub fn day(&self) -> &'static str {
        match self.keys.first().map(String::as_str) {
            Some("Day") => "Day",
            Some("Bucket") => "toDate(Bucket, 'UTC')",
            _ => "toDate(Timestamp, 'UTC')",
        }
    }

    /// Returns true if the view holds single rows of its sources, not aggregate states.
    fn is_of_rows(&self) -> bool {
        self.keys.last().is_some_and(|key| key == "RowId")
    }

    /// Returns the statement that computes the view's rows from the rows of `from`. Returns `None` if `source` does not
    /// feed the view.
    ///
    /// `from` is a table, or a table function over a data file, with the columns of the source.
    pub fn select(&self, source: &str, from: &str) -> Option<String> {
        let at = self.sources.iter().position(|own| own == source)?;
        Some(self.selects.get(at)?.replacen(source, from, 1))
    }

    /// Returns the statements that create the table, then one materialized view per source.
    ///
    /// A suffix (`__staging`) gives another set of tables, fed by the raw tables with the same suffix.
    pub fn ddl(&self, suffix: &str) -> Vec<String> {
        let table = format!("otel.{}{suffix}", self.table());
        let select = |source: &String| {
            self.select(source, &format!("otel.{source}{suffix}"))
                .unwrap_or_default()
        };
        let (engine, rows) = match self.is_of_rows() {
            true => ("ReplacingMergeTree", OF_ROWS),
            false => ("AggregatingMergeTree", ""),
        };
        let target = format!(
            "CREATE TABLE IF NOT EXISTS {table}\nENGINE = {engine}\nPARTITION BY {day}\nORDER BY ({keys})\n\
             TTL {day} + INTERVAL {days} DAY\n\
             SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000,\n    \
             min_age_to_force_merge_seconds = {MERGED_AFTER}, min_age_to_force_merge_on_partition_only = 1{rows}\n\
             EMPTY AS\n{select}",
            day = self.day(),
            keys = self.keys.join(", "),
            days = self.least_lake_days(),
            select = self.sources.first().map(select).unwrap_or_default(),
        );
        let feeds = self.sources.iter().map(|source| {
            format!(
                "CREATE MATERIALIZED VIEW IF NOT EXISTS {table}_from_{source} TO {table} AS\n{}",
                select(source)
            )
        });
        std::iter::once(target).chain(feeds).collect()
    }
}
