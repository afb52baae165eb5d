//! Sync beside a retention of the lake, and beside compactions of other programs.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::world::{World, append, texts};

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_left_the_lake_leaves_the_hot_tier_once() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    for days_ago in 0..6 {
        append(&lake, 2 * usize::try_from(days_ago)?, days_ago).await?;
        append(&lake, 2 * usize::try_from(days_ago)? + 1, days_ago).await?;
    }
    world.in_step().await?;
    // One day is loaded and dropped, and one file of another such day was never loaded.
    append(&lake, 20, 5).await?;
    let dropped = lake.drop_old_days("otel_logs", 3).await?;
    ensure!(dropped.len() == 2, "{dropped:?}");
    world.in_step().await?;
    assert_eq!(
        world.value("SELECT count() FROM otel.otel_logs").await?,
        json!(24)
    );

    // Nothing is left to do.
    let mut command = world.command(&["once"])?;
    let output = command.env("LAKEFRONT_LOG", "info").output().await?;
    let (done, log) = texts(&output);
    ensure!(
        output.status.success() && !log.contains("building a day"),
        "{log}"
    );
    ensure!(done.contains(": 0 files, 0 rows"), "{done}");

    // A late row of a dropped day comes and goes again.
    append(&lake, 21, 5).await?;
    world.in_step().await?;
    assert_eq!(
        world.value("SELECT count() FROM otel.otel_logs").await?,
        json!(27)
    );
    lake.drop_old_days("otel_logs", 3).await?;
    world.in_step().await?;
    assert_eq!(
        world.value("SELECT count() FROM otel.otel_logs").await?,
        json!(24)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_another_program_rewrote_under_new_numbers_neither_double_nor_lose_rows() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    for number in 0..4 {
        append(&lake, number, number as u64 % 2).await?;
    }
    world.in_step().await?;
    // Rewritten once all files are loaded, and once together with files that are not.
    for number in 4..6 {
        world.rewrite(&["rewrite"]).await?;
        world.in_step().await?;
        append(&lake, number, 1).await?;
    }
    world.rewrite(&["rewrite"]).await?;
    world.in_step().await?;
    assert_eq!(
        world.value("SELECT count() FROM otel.otel_logs").await?,
        json!(18)
    );
    Ok(())
}
