//! A query for one day opens only that day's files: the engine's own counters say so.

use anyhow::{Context as _, Result};
use lakefront_query::catalogue;
use lakefront_tests::Stack;
use serde_json::{Map, Value, json};

const UNTIL: &str = "2026-03-05T00:00:00Z";
/// Counters of the engine: files that a query keeps, and files that it leaves out by their partition.
const OPENED: &str = "IcebergMetadataReturnedObjectInfos";
const PRUNED: &str = "IcebergPartitionPrunedFiles";

#[tokio::test(flavor = "multi_thread")]
async fn a_named_query_for_one_day_opens_only_its_files() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "4", "--until", UNTIL]).await?;

    for query in catalogue() {
        let name = &query.info.name;
        let (mut all, mut of_the_day, mut rows) = (0, 0, 0);
        for table in ["otel_logs", "otel_traces"] {
            let times = query.lake_sql.matches(&format!("FROM {table}")).count() as u64;
            let files = files(&stack, table, query.look_back_days).await?;
            all += times * files.all;
            of_the_day += times * files.of_the_day;
            rows += times * files.rows;
        }
        let required = query.info.params.iter().filter(|param| param.required());
        let params: Map<String, Value> = required
            .map(|param| (param.name.clone(), json!("nothing")))
            .collect();
        // Nor did anyone ask a router.
        let finds_nothing = !params.is_empty() || name.starts_with("router_");
        let request = serde_json::from_value(json!({
            "query": name,
            "timeRange": {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
            "params": params,
        }))?;
        let before = (stack.counter(OPENED).await?, stack.counter(PRUNED).await?);
        let answer = stack.query(&request, UNTIL.parse()?).await?;
        assert_eq!(answer.rows.is_empty(), finds_nothing, "{name}");
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

/// The files of a table, and what the day has of them, with the days before that a query looks back at.
#[derive(Clone, Copy)]
struct Files {
    all: u64,
    of_the_day: u64,
    rows: u64,
}

/// The bounds are written as the named queries do. Of `Timestamp < '2026-03-04'` the engine (26.7) keeps the next day's
/// partition, reads the footers of its files, and only then leaves them out.
async fn files(stack: &Stack, table: &str, look_back_days: u16) -> Result<Files> {
    let day = format!(
        "Timestamp >= toDateTime64('2026-03-03', 6) - INTERVAL {look_back_days} DAY \
         AND Timestamp <= toDateTime64('2026-03-04', 6) - INTERVAL 1 MICROSECOND"
    );
    let sql = format!("SELECT uniqExact(_path), uniqExactIf(_path, {day}), countIf({day}) FROM {table}");
    let answer = stack.sql(&sql).await?;
    let number = |column: usize| answer.rows[0][column].as_u64().context("a number");
    let files = Files {
        all: number(0)?,
        of_the_day: number(1)?,
        rows: number(2)?,
    };
    // Whoever looks back may read all days but the one after.
    let others = if look_back_days == 0 { 3 } else { 1 };
    assert!(
        files.of_the_day >= 1 && files.all >= files.of_the_day + others,
        "{table}: {} of {} files",
        files.of_the_day,
        files.all
    );
    Ok(files)
}
