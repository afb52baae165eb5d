//! Sync without faults: loading, auditing and sharing a ClickHouse.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::world::{World, texts};

const COVERED: &str = "SELECT count() FROM otel.coverage FINAL WHERE first_day = today() - 32";

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_lake_arrives_once() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "3"]).await?;
    let first = world.in_step().await?;
    ensure!(!first.contains(" 0 files"), "{first}");
    // All seven raw tables are complete, as far back as they are kept.
    assert_eq!(world.value(COVERED).await?, json!(7));
    let second = world.sync(&["once"]).await?;
    ensure!(second.contains(": 0 files, 0 rows"), "{second}");
    let status = world.sync(&["status"]).await?;
    ensure!(
        status.contains("mv_errors") && status.contains("otel_traces"),
        "{status}"
    );
    // No staging table is left.
    let left = "SELECT countIf(name LIKE '%staging%') FROM system.tables WHERE database = 'otel'";
    assert_eq!(world.value(left).await?, json!(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_where_the_server_cannot_read_them() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "1"]).await?;
    world.sync(&["once", "--read", "stream"]).await?;
    world.demo(&["--days", "1", "--seed", "2"]).await?;
    world.sync(&["once", "--read", "stream"]).await?;
    world.sync(&["audit", "--read", "stream"]).await?;
    // An audit that reads files through ClickHouse finds the same.
    world.in_step().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_no_harm() -> Result<()> {
    let world = World::start().await?;
    let mut one = world.spawn(&["run", "--interval", "100ms"])?;
    let mut other = world.spawn(&["run", "--interval", "130ms"])?;
    for seed in ["1", "2", "3"] {
        world.demo(&["--days", "1", "--seed", seed]).await?;
    }
    let logs = world.stack.sql("SELECT count() FROM otel_logs").await?.rows[0][0].clone();
    world.until("SELECT count() FROM otel.otel_logs", &logs).await?;
    one.kill().await?;
    other.kill().await?;
    world.in_step().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_what_is_wrong_and_repairs_it() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "2"]).await?;
    world.in_step().await?;
    let day = world
        .value("SELECT toString(toDate(min(Timestamp))) FROM otel.otel_logs WHERE ErrorType != ''")
        .await?;
    let day = day.as_str().unwrap_or_default().to_owned();
    world
        .clickhouse
        .sql(&format!(
            "ALTER TABLE otel.otel_logs DELETE WHERE ErrorType != '' AND toDate(Timestamp) = '{day}'"
        ))
        .await?;
    let left = format!("SELECT countIf(ErrorType != '' AND toDate(Timestamp) = '{day}') FROM otel.otel_logs");
    world.until(&left, &json!(0)).await?;
    let found = world.run(&["audit"]).await?;
    let (stdout, stderr) = texts(&found);
    ensure!(!found.status.success(), "the audit must fail");
    ensure!(
        stdout.contains(&format!("otel_logs of {day} differs")),
        "{stdout}"
    );
    ensure!(stderr.contains("audit --repair"), "{stderr}");
    world
        .sync(&["audit", "--from", &day, "--to", &day, "--repair"])
        .await?;
    world.in_step().await?;
    assert_eq!(
        world.value("SELECT countIf(repaired) FROM otel.audit").await?,
        json!(1),
        "the finding is kept"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clickhouse_that_is_down_does_not_hold_up_another() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "1"]).await?;
    let down = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = world
        .run(&["once", "--clickhouse", &format!("http://{down}")])
        .await?;
    let (stdout, stderr) = texts(&output);
    ensure!(!output.status.success(), "one of the two failed");
    ensure!(stdout.contains("in step with the lake"), "{stdout}");
    ensure!(stderr.contains(&down.to_string()), "{stderr}");
    world.same_rows().await
}
