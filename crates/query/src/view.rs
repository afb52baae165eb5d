use serde::{Deserialize, Serialize};

/// A materialized view of the hot tier, kept up by every insert into its raw tables: states that merge exactly, or single rows in
/// few columns.
///
/// A changed definition is another table beside the old one, so that a view is never offered half changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The logical name, as in `otel.coverage`: `mv_errors`.
    pub name: String,
    /// A hash of the definition and of the mapping from OTLP to promoted columns, 12 hex digits.
    pub version: String,
    /// Whole UTC days before today that queries may ask for. Parts are dropped two days later.
    pub retention_days: u16,
    /// The raw tables it is fed from, without a database.
    pub sources: Vec<String>,
    /// For each source the statement that makes states of its rows, or picks them; it names the source once.
    pub selects: Vec<String>,
    /// The columns it is ordered by. The first is time, in UTC: `Bucket` (15 minutes, or a day) or `Day`. Where a row is one of a raw
    /// table, `Timestamp` and `RowId` are the last instead.
    pub keys: Vec<String>,
    /// The other columns: states, or what else is kept of a row.
    pub others: Vec<String>,
}

/// Seconds after which a day that gets no more rows becomes one part: what a query reads is fewer states, in fewer parts.
const MERGED_AFTER: u32 = 60;

/// Parts are dropped whole, and no query comes near one that may be gone.
const SLACK_DAYS: u16 = 2;

/// Few rows are wanted of such a view, with all their columns: those lie together, and not many rows have to be read with them.
const OF_ROWS: &str = ",\n    index_granularity = 1024, min_bytes_for_wide_part = 1099511627776";

impl View {
    /// The table of this version, without a database: `mv_errors_3f2a91c0d1e2`.
    pub fn table(&self) -> String {
        format!("{}_{}", self.name, self.version)
    }

    /// The view of the same rows by UTC day, without a version: a ninety-sixth of the states to merge where a range is long. None
    /// when it has no `Bucket`.
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

    /// The UTC day of a row of the view: what it is partitioned by.
    pub fn day(&self) -> &'static str {
        match self.keys.first().map(String::as_str) {
            Some("Day") => "Day",
            Some("Bucket") => "toDate(Bucket, 'UTC')",
            _ => "toDate(Timestamp, 'UTC')",
        }
    }

    /// Whether it holds rows of its sources, and not states.
    fn is_of_rows(&self) -> bool {
        self.keys.last().is_some_and(|key| key == "RowId")
    }

    /// The statement that makes its rows of those of `from`, which has the columns of a source: a table, or a table
    /// function over a data file. None when it is not fed from that source.
    pub fn select(&self, source: &str, from: &str) -> Option<String> {
        let at = self.sources.iter().position(|own| own == source)?;
        Some(self.selects.get(at)?.replacen(source, from, 1))
    }

    /// The statements that create the table, then one materialized view per source that feeds it.
    ///
    /// A suffix (`__staging`) names another such table, fed from the raw tables with the same suffix.
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
            days = self.retention_days + SLACK_DAYS,
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
