//! Sync beside compactions: the rows stay right, and no day is rebuilt.

use anyhow::{Result, ensure};

use crate::world::{World, append, texts};

/// Runs a round, and returns what it printed, with its log.
async fn round(world: &World) -> Result<(String, String)> {
    let mut command = world.command(&["once"])?;
    let output = command.env("LAKEFRONT_LOG", "info").output().await?;
    let (stdout, stderr) = texts(&output);
    ensure!(output.status.success(), "{stdout}\n{stderr}");
    Ok((stdout, stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_round_loads_what_compactions_put_together_without_a_rebuild() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    let mut number = 0;
    let mut commits = async |count: usize| -> Result<()> {
        for _ in 0..count {
            append(&lake, number, 1).await?;
            number += 1;
        }
        Ok(())
    };
    commits(40).await?;
    world.in_step().await?;
    for _ in 0..3 {
        // Each compaction puts loaded files together with others that no round has seen.
        let mut rewrites = 0;
        for _ in 0..3 {
            commits(30).await?;
            rewrites += world.compact_due(&lake, "otel_logs").await?;
        }
        ensure!(rewrites >= 2, "{rewrites} rewrites");
        let (done, log) = round(&world).await?;
        ensure!(log.contains("loaded"), "{log}");
        ensure!(!log.contains("building a day"), "{log}");
        ensure!(
            done.contains("90 files"),
            "the files as they were committed: {done}"
        );
        world.in_step().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_follows_a_lake_that_is_compacted_all_the_time() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    append(&lake, 0, 1).await?;
    world.in_step().await?;
    let mut sync = world.spawn(&["run", "--interval", "200ms"])?;
    let compactions = async {
        let mut rewrites = 0;
        for number in 1..120 {
            append(&lake, number, number as u64 % 2).await?;
            rewrites += world.compact_due(&lake, "otel_logs").await?;
        }
        Ok::<_, anyhow::Error>(rewrites)
    };
    let rewrites = compactions.await?;
    ensure!(rewrites > 2, "{rewrites} rewrites");
    let expected = serde_json::json!(120 * 3);
    world
        .until("SELECT count() FROM otel.otel_logs", &expected)
        .await?;
    sync.kill().await?;
    world.in_step().await?;
    Ok(())
}
