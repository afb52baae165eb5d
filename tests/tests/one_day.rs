//! A query for one day opens only that day's files: the engine's own counters say so.

use anyhow::{Context as _, Result};
use lakefront_query::catalogue;
use lakefront_tests::Stack;
use serde_json::json;

const UNTIL: &str = "2026-03-05T00:00:00Z";
/// As the named queries write it. Of `Timestamp < '2026-03-04'` the engine (26.7) keeps the next day's partition, reads the
/// footers of its files, and only then leaves them out.
const DAY: &str = "Timestamp >= toDateTime64('2026-03-03', 6) AND Timestamp <= toDateTime64('2026-03-04', 6) - INTERVAL 1 MICROSECOND";

/// Counters of the engine: files that a query keeps, and files that it leaves out by their partition.
const OPENED: &str = "IcebergMetadataReturnedObjectInfos";
const PRUNED: &str = "IcebergPartitionPrunedFiles";

#[tokio::test(flavor = "multi_thread")]
async fn a_named_query_for_one_day_opens_only_its_files() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "4", "--until", UNTIL]).await?;
    let logs = files(&stack, "otel_logs").await?;
    let traces = files(&stack, "otel_traces").await?;

    for query in catalogue() {
        let name = &query.info.name;
        let reads = |table: &str| query.lake_sql.contains(table);
        let tables = [("otel_logs", logs), ("otel_traces", traces)];
        let read = tables
            .iter()
            .filter(|(table, _)| reads(table))
            .map(|(_, files)| files);
        let (all, of_the_day, rows) = read.fold((0, 0, 0), |sum, files| {
            (sum.0 + files.all, sum.1 + files.of_the_day, sum.2 + files.rows)
        });
        let params = match name.as_str() {
            "errors_for_user" => json!({"user_id": "nobody"}),
            _ => json!({}),
        };
        let request = serde_json::from_value(json!({
            "query": name,
            "timeRange": {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
            "params": params,
        }))?;
        let before = (stack.counter(OPENED).await?, stack.counter(PRUNED).await?);
        let answer = stack.query(&request, UNTIL.parse()?).await?;
        assert_eq!(answer.rows.is_empty(), name == "errors_for_user", "{name}");
        let after = (stack.counter(OPENED).await?, stack.counter(PRUNED).await?);
        assert_eq!(after.0 - before.0, of_the_day, "{name}: files opened of {all}");
        assert_eq!(
            after.1 - before.1,
            all - of_the_day,
            "{name}: files left out by their partition"
        );
        // Fewer than the day has: what the filters leave out early is not counted as read.
        assert!(
            answer.stats.rows_read <= rows,
            "{name}: {} of {rows} rows read",
            answer.stats.rows_read
        );
    }
    Ok(())
}

/// The files of a table, and what the day has of them.
#[derive(Clone, Copy)]
struct Files {
    all: u64,
    of_the_day: u64,
    rows: u64,
}

async fn files(stack: &Stack, table: &str) -> Result<Files> {
    let sql = format!("SELECT uniqExact(_path), uniqExactIf(_path, {DAY}), countIf({DAY}) FROM {table}");
    let answer = stack.sql(&sql).await?;
    let number = |column: usize| answer.rows[0][column].as_u64().context("a number");
    let files = Files {
        all: number(0)?,
        of_the_day: number(1)?,
        rows: number(2)?,
    };
    assert!(
        files.of_the_day >= 1 && files.all >= files.of_the_day + 3,
        "{table}: {} of {} files",
        files.of_the_day,
        files.all
    );
    Ok(files)
}
