//! Changes to the lake besides appends.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use lakefront_lake::{Lake, LakeConfig};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::world::{World, append, texts};

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_compactions_overwrites_and_a_lost_history() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "3"]).await?;
    world.in_step().await?;

    // The same three days again: all rows are late.
    world.demo(&["--days", "3", "--seed", "2"]).await?;
    world.in_step().await?;

    // The same rows in other files.
    let days = world.compact("otel_logs").await?;
    world.compact("otel_traces").await?;
    let done = world.sync(&["once"]).await?;
    ensure!(
        done.contains(": 0 files, 0 rows"),
        "a compaction moves nothing: {done}"
    );
    let files =
        "SELECT uniqExact(path) FROM otel.ledger FINAL WHERE table = 'otel_logs' AND state = 'loaded'";
    assert_eq!(world.value(files).await?, json!(days));
    world.in_step().await?;

    // A compaction that includes files that were never loaded.
    world.demo(&["--days", "1", "--seed", "3"]).await?;
    world.compact("otel_logs").await?;
    world.in_step().await?;

    // Another writer deletes rows and adds others.
    let before = world.value("SELECT count() FROM otel.otel_logs").await?;
    world.rewrite(&["delete"]).await?;
    world.in_step().await?;
    let after = world.value("SELECT count() FROM otel.otel_logs").await?;
    ensure!(after.as_u64() < before.as_u64(), "{before} rows, then {after}");

    // Only the current snapshot is left.
    let forgetful = LakeConfig {
        keep_snapshots: 1,
        keep_hourly: Duration::ZERO,
        keep_replaced: Duration::ZERO,
        ..LakeConfig::at(world.stack.lake().place()?)
    };
    let forgetful = Lake::open(forgetful).await?;
    world.demo(&["--days", "1", "--seed", "4"]).await?;
    for table in lakefront_otel::tables() {
        forgetful.expire(table.name).await?;
    }
    world.in_step().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_of_a_day_whose_raw_rows_are_gone_cost_only_themselves() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    append(&lake, 1, 60).await?;
    append(&lake, 2, 0).await?;
    world.sync(&["once"]).await?;

    append(&lake, 3, 60).await?;
    let done = world.sync(&["once"]).await?;
    ensure!(
        done.contains(": 1 files, 3 rows"),
        "the day is not built again: {done}"
    );
    let view = lakefront_hot_tier::views()
        .iter()
        .find(|view| view.name == "mv_errors")
        .expect("a view of errors");
    let errors = format!("SELECT countMerge(Errors) FROM otel.{}", view.table());
    assert_eq!(world.value(&errors).await?, json!(9));
    let audit = world.sync(&["audit"]).await?;
    ensure!(audit.contains(" 0 differ"), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_does_not_answer_is_waited_for() -> Result<()> {
    let mut world = World::start().await?;
    world.demo(&["--days", "1"]).await?;
    world.in_step().await?;
    world.demo(&["--days", "1", "--seed", "2"]).await?;
    world.stack.kill_ingest();
    let locked = match world.stack.servers() {
        Some(servers) => {
            servers.signal_catalog(Signal::SIGSTOP)?;
            None
        }
        None => Some(locked(&world.stack.lake().path()?.join("catalog.db"))?),
    };
    let output = world.run(&["once"]).await?;
    let (_, stderr) = texts(&output);
    ensure!(!output.status.success(), "the catalog does not answer");
    ensure!(stderr.contains("the lake can't be read: "), "{stderr}");
    drop(locked);
    if let Some(servers) = world.stack.servers() {
        servers.signal_catalog(Signal::SIGCONT)?;
    }
    world.sync(&["once"]).await?;
    world.same_rows().await
}

/// Locks an SQLite database against other processes.
fn locked(catalog: &Path) -> Result<Killed> {
    let lock = std::process::Command::new("python3")
        .arg("-c")
        .arg(
            "import sqlite3, sys, time\n\
             c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
             c.execute('PRAGMA locking_mode = EXCLUSIVE'); c.execute('BEGIN EXCLUSIVE')\n\
             print('locked', flush=True); time.sleep(600)",
        )
        .arg(catalog)
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut lock = Killed(lock);
    let mut line = [0; 7];
    if let Some(stdout) = &mut lock.0.stdout {
        std::io::Read::read_exact(stdout, &mut line)?;
    }
    Ok(lock)
}

/// A process that is killed at the end of the test.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Both calls fail only if the process has already ended.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
