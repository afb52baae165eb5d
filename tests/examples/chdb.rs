//! Measures the chDB container beside its engine: time to the first answer, memory, and its own time per query.
//!
//! ```text
//! cargo xtask bench chdb
//! ```
//! The lake has 14 days of the demo's traffic. The container's own time is the time from the arrival of a request to the
//! reply, without the time that the engine reports.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_tests::{Engine, LakeAt, Stack};
use serde_json::json;

const UNTIL: &str = "2026-03-30T00:00:00Z";
const QUERIES: [&str; 4] = ["errors_per_hour", "top_errors", "top_pages", "api_latency"];
/// Number of repetitions of each query.
const TIMES: u32 = 100;
const STARTS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let stack = Stack::start().await?;
    let sent = stack.demo(&["--days", "14", "--until", UNTIL]).await?;
    println!(
        "{} log records, {} spans, {} data points",
        sent.logs, sent.spans, sent.points
    );

    let mut firsts = Vec::new();
    for _ in 0..STARTS {
        firsts.push(first_answer(stack.lake()).await?);
    }
    firsts.sort();
    let (median, worst) = (firsts[STARTS / 2], firsts[STARTS - 1]);
    println!("start to first answer: median {median:.0?}, worst {worst:.0?} of {STARTS}; wanted below 1 s");

    let chdb = Engine::start(stack.lake()).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!(
        "idle after the start: {} MiB; wanted below 350",
        resident(chdb.id())?
    );
    for name in QUERIES {
        own_time(&chdb, name).await?;
    }
    println!("idle after the queries: {} MiB", resident(chdb.id())?);
    Ok(())
}

/// Returns the time from the start of the process to the answer of a query over the lake.
async fn first_answer(lake: &LakeAt) -> Result<Duration> {
    let started = Instant::now();
    let chdb = Engine::start(lake).await?;
    let count = chdb.sql("SELECT count() FROM otel_logs").await?;
    ensure!(count.rows.len() == 1, "no answer");
    Ok(started.elapsed())
}

/// Runs the queries one after the other. The container's counters separate its time from the engine's.
async fn own_time(chdb: &Engine, name: &str) -> Result<()> {
    let now: Timestamp = UNTIL.parse()?;
    let request: QueryRequest = serde_json::from_value(json!({ "query": name, "timeRange": "7d" }))?;
    chdb.query(&request, now).await?;
    let before = times(chdb).await?;
    for _ in 0..TIMES {
        chdb.query(&request, now).await?;
    }
    let after = times(chdb).await?;
    let [total, engine] = [0, 1].map(|part| f64::from(after[part] - before[part]) / 1e3 / f64::from(TIMES));
    println!(
        "{name:<18} {total:>7.2} ms, engine {engine:>7.2} ms, own {:.2} ms; wanted below 2 ms",
        total - engine
    );
    Ok(())
}

/// Returns the microseconds of all queries so far: in total, and within the engine.
async fn times(chdb: &Engine) -> Result<[u32; 2]> {
    Ok([
        chdb.metric("lakefront_chdb_query_microseconds_total")
            .await?
            .try_into()?,
        chdb.metric("lakefront_chdb_engine_microseconds_total")
            .await?
            .try_into()?,
    ])
}

/// Returns the resident memory in MiB.
fn resident(process: u32) -> Result<u64> {
    let output = Command::new("ps")
        .args(["-o", "rss=", "-p", &process.to_string()])
        .output()?;
    let kibibytes: u64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    Ok(kibibytes / 1024)
}
