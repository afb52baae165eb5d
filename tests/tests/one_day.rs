//! A query for one day opens only that day's files: the engine's own counters say so.

use anyhow::{Context as _, Result};
use lakefront_tests::Stack;

const UNTIL: &str = "2026-03-05T00:00:00Z";
const DAY: &str = "Timestamp >= '2026-03-03 00:00:00' AND Timestamp < '2026-03-04 00:00:00'";

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
        of_the_day >= 1 && all >= 4 * of_the_day.min(all / 4),
        "{all} files, {of_the_day} of the day"
    );
    assert!(all > of_the_day);

    let before = (
        stack.counter("IcebergPartitionPrunedFiles").await?,
        stack.counter("IcebergMinMaxIndexPrunedFiles").await?,
    );
    let answer = stack
        .sql(&format!(
            "SELECT uniqExact(SessionId), count() FROM otel_logs WHERE {DAY}"
        ))
        .await?;
    let after = (
        stack.counter("IcebergPartitionPrunedFiles").await?,
        stack.counter("IcebergMinMaxIndexPrunedFiles").await?,
    );

    assert_eq!(answer.rows[0][1].as_u64(), Some(rows));
    // Every other file was left out, by its partition or by its bounds, and no row of theirs was read.
    let pruned = after.0 - before.0 + after.1 - before.1;
    assert_eq!(pruned, all - of_the_day, "{all} files, {of_the_day} of the day");
    assert_eq!(answer.stats.rows_read, rows);
    Ok(())
}
