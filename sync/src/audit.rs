//! Compares days of a ClickHouse with the lake, by row counts and by hashes of a canonical text of each row.
//!
//! The day is built in staging from the lake's files, as for a rebuild. Raw rows are compared with the files themselves
//! if ClickHouse reads them, else with the staging tables. Views are compared with the staging tables, after their
//! states are finalized. A sum of hashes does not depend on the order of rows, and differs if a row occurs twice.

use clickhouse::Row;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_hot_tier::View;
use serde::{Deserialize, Serialize};

use crate::clickhouse::{Column, Tables, Target};
use crate::day;
use crate::error::Result;
use lakefront_clickhouse_http::identifier;

/// A digest of the rows of a table's day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Number of rows; for a view, number of groups after its states are merged.
    pub rows: u64,
    /// Wrapping sum of the rows' hashes.
    pub hash: u64,
}

impl std::ops::AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.hash = self.hash.wrapping_add(other.hash);
    }
}

/// The result of an audit for one table's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The UTC day.
    pub day: Date,
    /// The raw table, or the table of a view.
    pub table: String,
    /// The digest of the lake's rows.
    pub lake: Digest,
    /// The digest of this ClickHouse's rows.
    pub clickhouse: Digest,
    /// True if the day was rebuilt.
    pub repaired: bool,
}

impl Finding {
    /// Returns true if ClickHouse has other rows than the lake.
    pub fn differs(&self) -> bool {
        self.lake != self.clickhouse
    }
}

/// The totals of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of compared days, counted per table.
    pub compared: u64,
    /// Number of those that differ.
    pub different: u64,
    /// Number of those that were rebuilt.
    pub repaired: u64,
}

/// Computes the digest of rows of raw columns. `from` is a table or a table function, optionally with a condition.
pub async fn digest_rows(target: &Target, columns: &[Column], from: &str) -> Result<Digest> {
    let texts: Vec<String> = columns
        .iter()
        .map(|column| text(&identifier(&column.name)))
        .collect();
    digest(target, &texts, from).await
}

/// Computes the digest of a day of a view's table, or of its staging table.
pub async fn digest_view(
    target: &Target,
    tables: &Tables,
    view: &View,
    table: &str,
    day: Date,
) -> Result<Digest> {
    let texts: Vec<String> = tables
        .columns(&view.table())
        .iter()
        .map(|column| {
            let name = identifier(&column.name);
            let is = |begin| column.r#type.starts_with(begin);
            if is("AggregateFunction(") {
                text(&format!("finalizeAggregation({name})"))
            } else if is("SimpleAggregateFunction(groupUniqArrayArray,") {
                // The values are a set, whose order depends on merges.
                text(&format!("arraySort({name})"))
            } else {
                text(&name)
            }
        })
        .collect();
    let from = format!(
        "otel.{table} FINAL WHERE _partition_id = '{}'",
        day::partition_id(day)
    );
    digest(target, &texts, &from).await
}

/// Returns a `FROM` operand for [`digest_rows`]: a day of a raw table.
pub fn partition(table: &str, day: Date) -> String {
    format!("otel.{table} WHERE _partition_id = '{}'", day::partition_id(day))
}

async fn digest(target: &Target, texts: &[String], from: &str) -> Result<Digest> {
    let sql = format!(
        "SELECT count() AS rows, sum(cityHash64({})) AS hash FROM {from}",
        texts.join(", ")
    );
    let (rows, hash) = target.fetch_one("digest a day", &sql).await?;
    Ok(Digest { rows, hash })
}

/// Returns SQL for the canonical text of a value. Null gets a text that no other value has.
fn text(value: &str) -> String {
    format!("ifNull(toString({value}), '\\\\N')")
}

#[derive(Row, Serialize, Deserialize)]
struct AuditRow {
    at: i64,
    day: u16,
    table: String,
    lake_rows: u64,
    lake_hash: u64,
    rows: u64,
    hash: u64,
    differs: bool,
    repaired: bool,
}

/// Writes findings to `otel.audit`.
pub async fn write(target: &Target, findings: &[Finding]) -> Result<()> {
    let at = Timestamp::now().as_microsecond();
    let row = |finding: &Finding| {
        Some(AuditRow {
            at,
            day: day::to_clickhouse(finding.day)?,
            table: finding.table.clone(),
            lake_rows: finding.lake.rows,
            lake_hash: finding.lake.hash,
            rows: finding.clickhouse.rows,
            hash: finding.clickhouse.hash,
            differs: finding.differs(),
            repaired: finding.repaired,
        })
    };
    let rows: Vec<AuditRow> = findings.iter().filter_map(row).collect();
    Ok(target.insert("audit", &rows).await?)
}
