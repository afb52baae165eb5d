//! ClickHouse is killed or emptied, and sync is killed during a backfill.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_clickhouse_is_killed_at_any_moment() -> Result<()> {
    let mut world = World::start().await?;
    let _sync = world.spawn(&["run", "--interval", "100ms"])?;
    for round in 0..6_u64 {
        let seed = round.to_string();
        world.demo(&["--days", "2", "--seed", &seed]).await?;
        tokio::time::sleep(Duration::from_millis(300 + round * 110)).await;
        world.clickhouse.restart().await?;
    }
    world.in_step().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_clickhouse_is_filled_again() -> Result<()> {
    let mut world = World::start().await?;
    world.demo(&["--days", "3"]).await?;
    let _sync = world.spawn(&["run", "--interval", "200ms"])?;
    let covered = "SELECT count() FROM otel.coverage FINAL WHERE first_day = today() - 32";
    world.until(covered, &json!(7)).await?;
    world.same_rows().await?;
    world.clickhouse.kill();
    for entry in std::fs::read_dir(world.data.path())? {
        let path = entry?.path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(path)?,
            false => std::fs::remove_file(path)?,
        }
    }
    world.clickhouse.restart().await?;
    world.until(covered, &json!(7)).await?;
    world.in_step().await?;
    Ok(())
}

/// The state after a kill between the two tables, or after a loss of the one in memory.
#[tokio::test(flavor = "multi_thread")]
async fn guards_are_made_to_say_what_the_coverage_says() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "2"]).await?;
    world.in_step().await?;
    for fault in [
        "TRUNCATE TABLE otel.covered",
        "INSERT INTO otel.covered SELECT view, version, toDate('1990-01-01') FROM otel.coverage",
        "INSERT INTO otel.covered SELECT view, version, NULL FROM otel.coverage",
    ] {
        world.clickhouse.sql(fault).await?;
        ensure!(!world.guards_agree().await?, "{fault}");
        world.sync(&["once"]).await?;
        ensure!(world.guards_agree().await?, "{fault}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_goes_on_where_it_was_killed() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "14"]).await?;
    let mut child = world.spawn(&["backfill"])?;
    let loaded =
        "SELECT uniqExact(day) >= 4 FROM otel.ledger FINAL WHERE table = 'otel_logs' AND state = 'loaded'";
    world.until(loaded, &json!(1)).await?;
    child.kill().await?;
    // The day of the newest log depends on the time of day, the newest of 14 days is at most a day old.
    let newest = "SELECT max(day) >= yesterday() AND min(day) > today() - 8 FROM otel.ledger FINAL \
                  WHERE table = 'otel_logs' AND state = 'loaded'";
    assert_eq!(world.value(newest).await?, json!(1), "newest days first");
    let done = world.sync(&["backfill"]).await?;
    assert!(!done.contains(" 0 files"), "{done}");
    world.in_step().await?;
    Ok(())
}
