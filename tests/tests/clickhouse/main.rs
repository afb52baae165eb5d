//! The ClickHouse interface that sync and router use: on the embedded one, or on the server at `CLICKHOUSE_URL`.

mod clients;

use anyhow::Result;
use lakefront_clickhouse_http::{Exception, ReplyError, Statement};
use lakefront_tests::ClickHouse;
use serde_json::json;
use tempfile::TempDir;

async fn start() -> Result<(TempDir, ClickHouse)> {
    let folder = TempDir::new()?;
    let clickhouse = ClickHouse::start(folder.path(), None).await?;
    clickhouse.sql("CREATE DATABASE IF NOT EXISTS otel").await?;
    Ok((folder, clickhouse))
}

fn code(error: &anyhow::Error) -> Option<u32> {
    error
        .downcast_ref::<ReplyError>()
        .and_then(ReplyError::exception)
        .map(|exception: &Exception| exception.code)
}

/// Tables as sync uses them: raw rows, a view that each insert feeds, and a staging table.
const MIGRATION: [&str; 4] = [
    "CREATE TABLE otel.events (Day DateTime64(6, 'UTC'), Name String) ENGINE = MergeTree PARTITION BY toDate(Day) \
     ORDER BY Name TTL toDate(Day) + INTERVAL 34 DAY SETTINGS ttl_only_drop_parts = 1, \
     non_replicated_deduplication_window = 100",
    "CREATE TABLE otel.counts (Day Date, Name String, events AggregateFunction(count)) ENGINE = AggregatingMergeTree \
     PARTITION BY Day ORDER BY (Day, Name) SETTINGS non_replicated_deduplication_window = 100",
    "CREATE MATERIALIZED VIEW otel.counts_from_events TO otel.counts AS \
     SELECT toDate(Day) AS Day, Name, countState() AS events FROM otel.events GROUP BY Day, Name",
    "CREATE TABLE otel.events__staging AS otel.events",
];

async fn counts(clickhouse: &ClickHouse) -> Result<serde_json::Value> {
    let statement = Statement::new(
        "SELECT (SELECT count() FROM otel.events), (SELECT countMerge(events) FROM otel.counts)",
    );
    Ok(json!(clickhouse.read(&statement).await?.rows))
}

#[tokio::test]
async fn what_was_written_outlives_a_kill() -> Result<()> {
    let folder = TempDir::new()?;
    let mut clickhouse = ClickHouse::embedded(folder.path(), None).await?;
    for sql in MIGRATION {
        clickhouse.sql(sql).await?;
    }
    let insert = Statement::new(
        "INSERT INTO otel.events SELECT now64(6) - INTERVAL number % 3 DAY, 'a' FROM numbers(1000)",
    );
    clickhouse.sql(&insert.sql).await?;
    assert_eq!(counts(&clickhouse).await?, json!([[1000, 1000]]));

    clickhouse.restart().await?;
    assert_eq!(counts(&clickhouse).await?, json!([[1000, 1000]]));
    let repeated = "INSERT INTO otel.events (Day, Name) SETTINGS insert_deduplication_token = 'file-1', \
                    deduplicate_blocks_in_dependent_materialized_views = 1 \
                    SELECT now64(6), 'b' FROM numbers(10)";
    for _ in 0..2 {
        clickhouse.sql(repeated).await?;
        clickhouse.restart().await?;
    }
    assert_eq!(
        counts(&clickhouse).await?,
        json!([[1010, 1010]]),
        "a token counts after a restart too"
    );
    Ok(())
}

#[tokio::test]
async fn a_day_is_replaced_at_once() -> Result<()> {
    let folder = TempDir::new()?;
    let clickhouse = ClickHouse::embedded(folder.path(), None).await?;
    for sql in MIGRATION {
        clickhouse.sql(sql).await?;
    }
    for sql in [
        "INSERT INTO otel.events VALUES (now64(6), 'wrong')",
        "INSERT INTO otel.events__staging SELECT now64(6), 'right' FROM numbers(3)",
    ] {
        clickhouse.sql(sql).await?;
    }
    let today = clickhouse.sql("SELECT toDate(now(), 'UTC')").await?.rows[0][0].clone();
    let today = today.as_str().unwrap_or_default();
    clickhouse
        .sql(&format!(
            "ALTER TABLE otel.events REPLACE PARTITION '{today}' FROM otel.events__staging"
        ))
        .await?;
    let rows = clickhouse
        .sql("SELECT Name, count() FROM otel.events GROUP BY Name")
        .await?
        .rows;
    assert_eq!(json!(rows), json!([["right", 3]]));
    Ok(())
}

#[tokio::test]
async fn readers_only_read() -> Result<()> {
    let (_folder, clickhouse) = start().await?;
    if !clickhouse.is_embedded() {
        return Ok(());
    }
    clickhouse
        .sql("CREATE TABLE otel.r (a UInt8) ENGINE = ReplacingMergeTree ORDER BY a")
        .await?;
    let read = |sql: &str| {
        let statement = Statement::new(sql);
        let clickhouse = &clickhouse;
        async move { clickhouse.read(&statement).await }
    };
    let guarded =
        "SELECT (SELECT throwIf(count() = 0, 'not covered') FROM otel.r FINAL) AS guard, count() FROM otel.r";
    let error = read(guarded).await.expect_err("the guard throws");
    assert_eq!(code(&error), Some(395), "{error:#}");
    clickhouse.sql("INSERT INTO otel.r VALUES (1)").await?;
    assert_eq!(json!(read(guarded).await?.rows), json!([[0, 1]]));
    for sql in [
        "INSERT INTO otel.r VALUES (2)",
        "INSERT INTO otel.r FORMAT JSONEachRow {\"a\":2}",
        "TRUNCATE TABLE otel.r",
        "ALTER TABLE otel.r DELETE WHERE 1",
        "CREATE TABLE otel.x (a UInt8) ENGINE = Memory",
    ] {
        let error = read(sql).await.expect_err(sql);
        assert_eq!(code(&error), Some(164), "{sql}: {error:#}");
    }
    assert_eq!(json!(read("SELECT a FROM otel.r").await?.rows), json!([[1]]));
    Ok(())
}
