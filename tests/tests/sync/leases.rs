//! Leases: one sync writes at a time, whatever happens to the holder.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use lakefront_hot_tier::CoverageKey;
use lakefront_sync::clickhouse::{Bookkeeping, Target};
use lakefront_sync::coverage::Coverage;
use lakefront_tests::{Relay, Treatment, free_address};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::world::{SHORT_LEASE, World, append};

/// A sync of an earlier version was killed between creating its lease and the first heartbeat.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_nobody_filled_is_taken_over() -> Result<()> {
    let world = World::start().await?;
    append(&world.lake().await?, 1, 0).await?;
    for lease in ["lease_6", "lease_7"] {
        let empty = format!(
            "CREATE TABLE otel.{lease} (holder String, renewed DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY renewed"
        );
        world.clickhouse.sql(&empty).await?;
    }
    let _sync = world.spawn(&["run", "--interval", "100ms"])?;
    world
        .until("SELECT count() FROM otel.otel_logs", &json!(3))
        .await?;
    let leases =
        "SELECT groupArray(name) FROM system.tables WHERE database = 'otel' AND startsWith(name, 'lease_')";
    world.until(leases, &json!(["lease_8"])).await
}

/// An earlier version works beside this one. This version sees its heartbeats, and that it released the lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_an_earlier_version_is_respected() -> Result<()> {
    let world = World::start().await?;
    append(&world.lake().await?, 1, 0).await?;
    for sql in [
        "CREATE TABLE otel.lease_3 (holder String, renewed DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY renewed",
        "INSERT INTO otel.lease_3 SELECT 'process 1, of old', now64(6)",
    ] {
        world.clickhouse.sql(sql).await?;
    }
    let listen = free_address()?;
    let arguments = ["run", "--interval", "100ms", "--lease", "1h", "--listen", &listen];
    let _sync = world.spawn(&arguments)?;
    let lease = health(&listen, |target| target["lease"].is_object()).await?["lease"].clone();
    assert_eq!(
        (&lease["holder"], &lease["ours"]),
        (&json!("process 1, of old"), &json!(false))
    );
    world
        .clickhouse
        .sql("INSERT INTO otel.lease_3 SELECT '', now64(6)")
        .await?;
    let target = health(&listen, |target| target["lease"]["ours"] == true).await?;
    assert_eq!((&target["busy"], &target["error"]), (&json!(false), &Value::Null));
    Ok(())
}

/// The holder is stopped while it replaces a day, and resumes after another sync has taken over and finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_holder_writes_nothing_when_it_wakes_up() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    append(&lake, 1, 0).await?;
    append(&lake, 2, 1).await?;
    let pid = Arc::new(AtomicI32::new(0));
    let (froze, frozen) = watch::channel(false);
    let (finish, finished) = watch::channel(false);
    let relay = {
        let pid = Arc::clone(&pid);
        let froze = Arc::new(froze);
        Relay::start_waiting(world.clickhouse.url(), move |request| {
            let body = String::from_utf8_lossy(&request.body);
            let is_it = body.contains("REPLACE PARTITION") || body.contains("FROM system.parts");
            let (pid, froze, mut finished) = (Arc::clone(&pid), Arc::clone(&froze), finished.clone());
            async move {
                if is_it && !*froze.borrow() {
                    kill(Pid::from_raw(pid.load(Ordering::Relaxed)), Signal::SIGSTOP).ok();
                    froze.send_replace(true);
                    // The statement was in flight all the time.
                    finished.wait_for(|finished| *finished).await.ok();
                }
                Treatment::Forward
            }
        })
        .await?
    };
    let run = ["run", "--interval", "100ms", "--lease", SHORT_LEASE];
    let mut child = world.spawn_to(&relay.url(), &run)?;
    let id = i32::try_from(child.id().context("it runs")?)?;
    pid.store(id, Ordering::Relaxed);
    frozen.clone().wait_for(|frozen| *frozen).await?;
    world.sync(&["once", "--lease", SHORT_LEASE]).await?;
    world.same_rows().await?;
    relay.take_requests();
    finish.send_replace(true);
    kill(Pid::from_raw(id), Signal::SIGCONT)?;
    // The holder continues, notices the lost lease, and acquires the lease again for a round that succeeds.
    world
        .until("SELECT count() > 2 FROM otel.lease FINAL", &json!(1))
        .await?;
    child.kill().await?;
    ensure!(!relay.take_requests().is_empty(), "it did wake up");
    // No sync runs between here and the comparison.
    world.same_rows().await?;
    world.in_step().await?;
    Ok(())
}

/// ClickHouse continues a statement after its sync was killed, or lost its network.
#[tokio::test(flavor = "multi_thread")]
async fn statements_that_earlier_holders_left_are_ended() -> Result<()> {
    let world = World::start().await?;
    append(&world.lake().await?, 1, 0).await?;
    world.sync(&["once"]).await?;
    world
        .clickhouse
        .sql("CREATE TABLE otel.left (n UInt64) ENGINE = MergeTree ORDER BY n")
        .await?;
    let slow = "INSERT INTO otel.left SELECT number + sleepEachRow(0.02) FROM numbers(3000) SETTINGS max_block_size = 1";
    let mut gone = TcpStream::connect(address(&world)).await?;
    gone.write_all(post("lakefront-sync-1-old-1", "", slow.len()).as_bytes())
        .await?;
    gone.write_all(slow.as_bytes()).await?;
    let rows = "INSERT%20INTO%20otel.left%20FORMAT%20JSONEachRow";
    let mut frozen = TcpStream::connect(address(&world)).await?;
    frozen
        .write_all(post("lakefront-sync-1-old-2", &format!("&query={rows}"), 1_000_000).as_bytes())
        .await?;
    frozen.write_all("{\"n\":1}\n".repeat(50_000).as_bytes()).await?;
    running(&world, 2).await?;
    drop(gone);

    let started = Instant::now();
    world.sync(&["once"]).await?;
    // Without a kill, the one ends after a minute, and the other after half a minute without data.
    ensure!(
        started.elapsed() < Duration::from_secs(20),
        "it waited for their end"
    );
    running(&world, 0).await?;
    ensure!(started.elapsed() < Duration::from_secs(25), "they were not ended");
    assert_eq!(world.value("SELECT count() FROM otel.left").await?, json!(0));
    drop(frozen);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_nothing_is_new() -> Result<()> {
    let world = World::start().await?;
    append(&world.lake().await?, 1, 0).await?;
    let relay = Relay::start(world.clickhouse.url(), |_| Treatment::Forward).await?;
    let listen = free_address()?;
    let arguments = ["run", "--interval", "100ms", "--lease", "1h", "--listen", &listen];
    let mut child = world.spawn_to(&relay.url(), &arguments)?;
    let in_step = health(&listen, |target| target["in_step_as_of"].is_string()).await?;
    assert_eq!(in_step["lease"]["ours"], true);
    ensure!(in_step["nothing_loaded_for_seconds"].is_u64(), "{in_step}");
    relay.take_requests();
    let rounds = AtomicUsize::new(0);
    let last = std::sync::Mutex::new(Value::Null);
    health(&listen, |target| {
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != target["last_round"] {
            *last = target["last_round"].clone();
            rounds.fetch_add(1, Ordering::Relaxed);
        }
        rounds.load(Ordering::Relaxed) > 10
    })
    .await?;
    assert_eq!(relay.take_requests(), Vec::<String>::new());

    // The process holds the lease, reports so, and yields to a sync with a command that waits.
    let status = world.sync(&["status"]).await?;
    ensure!(
        status.contains("holds the lease and has nothing to do"),
        "{status}"
    );
    ensure!(status.contains("rows came in last"), "{status}");
    world.sync(&["once", "--lease", "1h"]).await?;

    // New rows are loaded at once, and the lease is released at the end.
    append(&world.lake().await?, 2, 0).await?;
    world
        .until("SELECT count() FROM otel.otel_logs", &json!(6))
        .await?;
    kill(
        Pid::from_raw(i32::try_from(child.id().context("it runs")?)?),
        Signal::SIGTERM,
    )?;
    ensure!(child.wait().await?.success(), "SIGTERM is a good end");
    let state = "SELECT state FROM otel.lease FINAL ORDER BY number DESC LIMIT 1";
    assert_eq!(world.value(state).await?, json!("free"));
    Ok(())
}

/// The coverage's time advances without new commits.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_as_of_which_all_is_in_goes_on() -> Result<()> {
    let world = World::start().await?;
    append(&world.lake().await?, 1, 0).await?;
    let _sync = world.spawn(&["run", "--interval", "100ms", "--lease", SHORT_LEASE])?;
    let covered = "SELECT count() > 7 FROM otel.coverage FINAL WHERE first_day IS NOT NULL";
    world.until(covered, &json!(1)).await?;
    for _ in 0..3 {
        let now = world.value("SELECT toString(now64(6))").await?;
        let later = format!("SELECT min(as_of) > {now} FROM otel.coverage FINAL").replace('"', "'");
        world.until(&later, &json!(1)).await?;
    }
    // A view that is dropped meanwhile is created again.
    let view = world
        .value("SELECT min(name) FROM system.tables WHERE database = 'otel' AND name LIKE '%_from_otel_logs'")
        .await?;
    let view = view.as_str().context("a view")?;
    world
        .clickhouse
        .sql(&format!("DROP TABLE otel.{view} SYNC"))
        .await?;
    let there = format!("SELECT count() FROM system.tables WHERE database = 'otel' AND name = '{view}'");
    world.until(&there, &json!(1)).await
}

/// A clock that is ahead does not make the coverage newer than it is.
#[tokio::test(flavor = "multi_thread")]
async fn no_row_says_that_all_is_in_as_of_the_future() -> Result<()> {
    let world = World::start().await?;
    world.sync(&["migrate"]).await?;
    let target = Target::new(&world.clickhouse.url().parse()?, "sync", "");
    let ahead = Coverage {
        first_day: None,
        as_of: Timestamp::now() + SignedDuration::from_hours(1),
    };
    let key = CoverageKey {
        name: "a view".to_owned(),
        version: "a version".to_owned(),
    };
    target
        .write_coverage(&mut Bookkeeping::default(), BTreeMap::from([(key, ahead)]))
        .await?;
    let row = "SELECT as_of <= now64(6) AND view = 'a view' AND isNull(first_day) FROM otel.coverage FINAL";
    assert_eq!(world.value(row).await?, json!(1));
    Ok(())
}

/// Waits until the single ClickHouse in sync's `/health` is as expected, and returns it.
async fn health(listen: &str, expected: impl Fn(&Value) -> bool) -> Result<Value> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut seen = Value::Null;
    loop {
        if let Ok(reply) = reqwest::get(format!("http://{listen}/health")).await {
            let health: Value = serde_json::from_slice(&reply.bytes().await?)?;
            let targets = health["targets"].as_object().context("targets")?;
            seen = targets.values().next().context("a target")?.clone();
            if expected(&seen) {
                return Ok(seen);
            }
        }
        ensure!(Instant::now() < deadline, "{seen} after a minute");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until `expected` statements are running.
async fn running(world: &World, expected: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let health = reqwest::get(format!("{}health", world.clickhouse.url())).await?;
        let health: Value = serde_json::from_slice(&health.bytes().await?)?;
        if health["engine"]["running"] == expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{health}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn address(world: &World) -> String {
    world
        .clickhouse
        .url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned()
}

/// Returns the head of an HTTP request by the user `sync`.
fn post(query_id: &str, pairs: &str, length: usize) -> String {
    format!(
        "POST /?user=sync&query_id={query_id}{pairs} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )
}
