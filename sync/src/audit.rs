//! Comparing a ClickHouse with the lake, a day at a time: counts, and hashes of a canonical text of each row.
//!
//! The day is built in staging from the lake's files, as a rebuild would. Raw rows are compared with the files themselves where the
//! server reads them, views with the staging tables, after their states are finalized. A sum of hashes does not depend on the order
//! of rows, and tells one row from the same row twice.

use clickhouse::Row;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_query::View;
use serde::{Deserialize, Serialize};

use crate::day;
use crate::error::Result;
use crate::target::{Column, Tables, Target, identifier};

/// Rows of a table's day, as two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Rows; groups of a view after its states are merged.
    pub rows: u64,
    /// Sum of the rows' hashes.
    pub hash: u64,
}

impl std::ops::AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.hash = self.hash.wrapping_add(other.hash);
    }
}

/// What an audit found about one table's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The UTC day.
    pub day: Date,
    /// Raw table, or table of a view.
    pub table: String,
    /// By the lake.
    pub lake: Digest,
    /// In this ClickHouse.
    pub here: Digest,
    /// Whether it was built anew.
    pub repaired: bool,
}

impl Finding {
    /// Whether the two are not the same rows.
    pub fn differs(&self) -> bool {
        self.lake != self.here
    }
}

/// What an audit found in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Days of tables that were compared.
    pub compared: u64,
    /// Those that differed.
    pub different: u64,
    /// Those that were built anew.
    pub repaired: u64,
}

/// Digests rows of raw columns; `from` is a table or a table function, with a condition where one is wanted.
pub async fn digest_rows(target: &Target, columns: &[Column], from: &str) -> Result<Digest> {
    let texts: Vec<String> = columns
        .iter()
        .map(|column| text(&identifier(&column.name)))
        .collect();
    digest(target, &texts, from).await
}

/// Digests a day of a view, or of a staging table of it.
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
                // A set, whose order is that of merges.
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

/// A day of a raw table, for [`digest_rows`].
pub fn partition(table: &str, day: Date) -> String {
    format!("otel.{table} WHERE _partition_id = '{}'", day::partition_id(day))
}

async fn digest(target: &Target, texts: &[String], from: &str) -> Result<Digest> {
    let sql = format!(
        "SELECT count() AS rows, sum(cityHash64({})) AS hash FROM {from}",
        texts.join(", ")
    );
    let (rows, hash) = target.one("digest a day", &sql).await?;
    Ok(Digest { rows, hash })
}

/// The canonical text of a value. Null is no text at all, so it gets one that no other value has.
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
            rows: finding.here.rows,
            hash: finding.here.hash,
            differs: finding.differs(),
            repaired: finding.repaired,
        })
    };
    let rows: Vec<AuditRow> = findings.iter().filter_map(row).collect();
    Ok(target.insert("audit", &rows).await?)
}
