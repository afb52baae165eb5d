//! Columns and views that are added later.

use anyhow::{Result, ensure};
use lakefront_hot_tier::bookkeeping::SYNC_STATE;
use lakefront_tests::{Stack, TestLake};
use serde_json::json;

use crate::world::{World, append, texts};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_carried_over_or_refused() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "1"]).await?;
    world.in_step().await?;
    world.rewrite(&["add-column", "Weather", "string"]).await?;
    world.demo(&["--days", "1", "--seed", "2"]).await?;
    world.in_step().await?;
    world.rewrite(&["copy-with", "Weather", "rain"]).await?;
    world.in_step().await?;
    let rain = world
        .value("SELECT countIf(Weather = 'rain') FROM otel.otel_logs")
        .await?;
    ensure!(rain.as_u64() > Some(0), "{rain} rows");

    world.rewrite(&["add-column", "Place", "struct"]).await?;
    world.demo(&["--days", "1", "--seed", "3"]).await?;
    let output = world.run(&["once"]).await?;
    let (_, stderr) = texts(&output);
    ensure!(!output.status.success(), "a struct can't be held");
    ensure!(
        stderr.contains("`Place`") && stderr.contains("otel_logs"),
        "{stderr}"
    );
    // Tables without the column are still loaded.
    let metrics = "SELECT count() FROM otel_metrics_sum";
    let lake = world.stack.sql(metrics).await?.rows;
    let here = world
        .clickhouse
        .sql(&metrics.replace("FROM ", "FROM otel."))
        .await?
        .rows;
    assert_eq!(lake, here);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_comes_late_is_filled_before_it_is_offered() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "3"]).await?;
    world.in_step().await?;
    // The state of a ClickHouse that had another version of the view, and not this one.
    let views = lakefront_hot_tier::views().iter();
    let view = views.clone().find(|view| view.sources.len() == 2);
    let view = view.or_else(|| views.clone().next()).expect("there are views");
    let (table, old) = (view.table(), format!("{}_0123456789ab", view.name));
    for source in &view.sources {
        world
            .clickhouse
            .sql(&format!("DROP TABLE otel.{table}_from_{source} SYNC"))
            .await?;
    }
    world
        .clickhouse
        .sql(&format!("RENAME TABLE otel.{table} TO otel.{old}"))
        .await?;
    world.demo(&["--days", "1", "--seed", "2"]).await?;
    world.in_step().await?;
    let first_day = format!(
        "SELECT first_day = today() - {} FROM otel.coverage FINAL WHERE view = '{}' AND version = '{}'",
        view.retention_days, view.name, view.version
    );
    assert_eq!(world.value(&first_day).await?, json!(1));
    let gone = format!("SELECT count() FROM system.tables WHERE database = 'otel' AND name = '{old}'");
    assert_eq!(world.value(&gone).await?, json!(0), "nobody kept the old one");

    // A version that was kept until an upgrade does not hold back what is reported.
    let other = format!(
        "INSERT INTO otel.coverage SELECT * REPLACE ('0123456789ab' AS version, as_of - INTERVAL 10 MINUTE AS as_of) \
         FROM otel.coverage FINAL WHERE view = '{}' AND version = '{}'",
        view.name, view.version
    );
    world.clickhouse.sql(&other).await?;
    let state =
        format!("SELECT cursor > now64() - INTERVAL 5 MINUTE AND complete = held FROM ({SYNC_STATE})");
    assert_eq!(world.value(&state).await?, json!(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_older_version_read_as_empty_everywhere() -> Result<()> {
    let lake = TestLake::start().await?;
    let old = lake.open_as_older_version().await?;
    for number in 0..4 {
        append(&old, number, number as u64 % 2).await?;
    }
    let world = World::over(Stack::over(lake, "500ms").await?).await?;
    world.demo(&["--days", "1"]).await?;
    same_promoted_columns(&world, 12).await?;

    // Another program adds a column too.
    world.rewrite(&["add-column", "Weather", "string"]).await?;
    world.rewrite(&["copy-with", "Weather", "rain"]).await?;
    same_promoted_columns(&world, 12).await?;
    let rain = "SELECT count(), countIf(IsBot) FROM otel_logs WHERE Weather = 'rain'";
    let before = world.stack.sql(rain).await?.rows;
    ensure!(before[0][0] != json!(0), "{before:?}");

    // A compaction keeps all columns.
    world.compact("otel_logs").await?;
    same_promoted_columns(&world, 12).await?;
    assert_eq!(world.stack.sql(rain).await?.rows, before);
    Ok(())
}

/// Checks that both engines have the same values in all promoted columns of logs, and no null in required ones.
async fn same_promoted_columns(world: &World, older_rows: u64) -> Result<()> {
    world.in_step().await?;
    let logs = lakefront_otel::table("otel_logs").expect("a table");
    let promoted: Vec<&str> = logs
        .columns
        .iter()
        .filter(|column| column.promoted)
        .map(|column| column.name)
        .collect();
    let columns = promoted.join(", ");
    let digest = format!("SELECT RowId, {columns} FROM otel_logs ORDER BY ALL LIMIT 1000");
    let lake = world.stack.sql(&digest).await?.rows;
    let here = world
        .clickhouse
        .sql(&digest.replace("FROM ", "FROM otel."))
        .await?
        .rows;
    ensure!(lake == here, "{lake:?} in the lake, {here:?} here");
    let empty = format!(
        "SELECT count() FROM otel_logs WHERE PagePath = '' AND NOT IsBot AND VisitorId = '' AND isNull(VitalValue) \
         AND RowId < {}",
        1_i64 << 40
    );
    let empty = world.stack.sql(&empty).await?.rows;
    assert_eq!(empty, [[json!(older_rows)]]);
    Ok(())
}
