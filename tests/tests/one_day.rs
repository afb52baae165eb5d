//! Partition pruning: a query over one day opens that day's files only, by the counters of the engine.

use anyhow::{Context as _, Result};
use lakefront_query::catalogue;
use lakefront_tests::Stack;
use serde_json::{Map, Value, json};

const UNTIL: &str = "2026-03-05T00:00:00Z";
/// Counter of the engine: files that a query opens.
const OPENED: &str = "IcebergMetadataReturnedObjectInfos";
/// Counter of the engine: files that a query skips because of their partition.
const PRUNED: &str = "IcebergPartitionPrunedFiles";

#[tokio::test(flavor = "multi_thread")]
async fn a_named_query_for_one_day_opens_only_its_files() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "4", "--until", UNTIL]).await?;

    // Queries of metrics are left out: the engine counts one object more for them than there are files of the day.
    for query in catalogue()
        .iter()
        .filter(|query| !query.info.name.starts_with("metric"))
    {
        let name = &query.info.name;
        let (mut all, mut of_the_day, mut rows) = (0, 0, 0);
        for table in ["otel_logs", "otel_traces"] {
            let times = query.lake_sql.matches(&format!("FROM {table}")).count() as u64;
            let files = files(&stack, table, query.look_back_days, days_after(name)).await?;
            all += times * files.all;
            of_the_day += times * files.of_the_day;
            rows += times * files.rows;
        }
        let required = query.info.params.iter().filter(|param| param.required());
        let params: Map<String, Value> = required
            .map(|param| (param.name.clone(), json!("nothing")))
            .collect();
        // No parameter value matches, no query went through a router, ingest counts nothing, and no version is new on that day.
        let is_own = name.starts_with("router_") || name.starts_with("usage") || name == "search_fields";
        let finds_nothing = !params.is_empty() || is_own || name == "releases";
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
        // The filters skip rows early, so that the count may be below that of the day.
        assert!(
            answer.stats.rows_read <= rows,
            "{name}: {} of {rows} rows read",
            answer.stats.rows_read
        );
    }
    Ok(())
}

/// Returns the number of days after a range that a query reads. A session that begins in the range may end a day later.
fn days_after(query: &str) -> u16 {
    u16::from(["bounce_rate", "campaigns", "exit_pages", "funnel", "top_sources"].contains(&query))
}

/// The number of a table's files, and the files and rows of the day, including the days before and after that a query reads.
#[derive(Clone, Copy)]
struct Files {
    all: u64,
    of_the_day: u64,
    rows: u64,
}

/// Counts files and rows. The bounds are written as in the named queries.
///
/// For `Timestamp < '2026-03-04'` the engine (26.7) keeps the next day's partition, and skips its files only after
/// reading their footers.
async fn files(stack: &Stack, table: &str, look_back_days: u16, days_after: u16) -> Result<Files> {
    let day = format!(
        "Timestamp >= toDateTime64('2026-03-03', 6) - INTERVAL {look_back_days} DAY \
         AND Timestamp <= toDateTime64('2026-03-04', 6) + INTERVAL {days_after} DAY - INTERVAL 1 MICROSECOND"
    );
    let sql = format!("SELECT uniqExact(_path), uniqExactIf(_path, {day}), countIf({day}) FROM {table}");
    let answer = stack.sql(&sql).await?;
    let number = |column: usize| answer.rows[0][column].as_u64().context("a number");
    let files = Files {
        all: number(0)?,
        of_the_day: number(1)?,
        rows: number(2)?,
    };
    // A query that looks back may read all days but one.
    let others = if look_back_days == 0 { 3 } else { 1 };
    assert!(
        files.of_the_day >= 1 && files.all >= files.of_the_day + others,
        "{table}: {} of {} files",
        files.of_the_day,
        files.all
    );
    Ok(files)
}
