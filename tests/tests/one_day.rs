//! A query for one day opens only that day's files: the engine's own counters say so.

use anyhow::{Context as _, Result};
use lakefront_tests::Stack;
use serde_json::json;

const UNTIL: &str = "2026-03-05T00:00:00Z";
/// Inclusive to the last microsecond: of `< midnight` the engine keeps the next day's partition, reads the footers of its
/// files, and only then leaves them out.
const DAY: &str = "Timestamp >= '2026-03-03 00:00:00' AND Timestamp <= '2026-03-03 23:59:59.999999'";

#[tokio::test(flavor = "multi_thread")]
async fn a_query_for_one_day_opens_only_its_files() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "4", "--until", UNTIL]).await?;

    let files = stack
        .sql(&format!(
            "SELECT uniqExact(_path), uniqExactIf(_path, {DAY}), countIf({DAY}) FROM otel_logs"
        ))
        .await?;
    let number = |column: usize| files.rows[0][column].as_u64().context("a number");
    let (all, of_the_day, rows) = (number(0)?, number(1)?, number(2)?);
    assert!(
        of_the_day >= 1 && all >= of_the_day + 3,
        "{of_the_day} of {all} files"
    );

    let opened = stack.counter("IcebergMetadataReturnedObjectInfos").await?;
    let pruned = stack.counter("IcebergPartitionPrunedFiles").await?;
    let answer = stack
        .sql(&format!(
            "SELECT uniqExact(SessionId), count() FROM otel_logs WHERE {DAY}"
        ))
        .await?;
    assert_eq!(answer.rows[0][1], json!(rows));
    assert_eq!(
        stack.counter("IcebergMetadataReturnedObjectInfos").await? - opened,
        of_the_day,
        "files opened of {all}"
    );
    assert_eq!(
        stack.counter("IcebergPartitionPrunedFiles").await? - pruned,
        all - of_the_day,
        "files left out by their partition, of {all}"
    );

    // A named query reads no row of another day.
    let request = serde_json::from_value(json!({
        "query": "top_pages",
        "timeRange": {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
    }))?;
    let answer = stack.query(&request, UNTIL.parse()?).await?;
    assert!(!answer.rows.is_empty());
    // Fewer than the day has: what the filters leave out early is not counted as read.
    assert!(
        (1..=rows).contains(&answer.stats.rows_read),
        "{} of {rows} rows read",
        answer.stats.rows_read
    );
    Ok(())
}
