//! Measures the router's own time, the gain of views, and the time that a failover adds, in one run over real processes.
//! `cargo xtask bench router` builds what it needs.

#[path = "../filled/mod.rs"]
mod filled;
mod relay;

use std::time::Duration;

use anyhow::{Result, ensure};
use filled::Filled;
use lakefront_api::{QueryInfo, QueryReply, Reason};
use lakefront_query::catalogue;
use lakefront_tests::{ClickHouse, Stack, Worker};
use nix::sys::signal::Signal;
use relay::Relay;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

#[tokio::main]
async fn main() -> Result<()> {
    let Filled {
        stack,
        clickhouse,
        days,
        ..
    } = Filled::start().await?;

    let worker = worker(&stack, clickhouse.url()).await?;
    compare(&worker, &stack, days).await?;
    failover(&worker, &clickhouse).await?;

    let relay = Relay::default();
    let engine = clickhouse
        .url()
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let relayed = relay.start(engine.to_owned()).await?;
    own_time(&self::worker(&stack, &relayed).await?, &relay).await
}

async fn worker(stack: &Stack, clickhouse: &str) -> Result<Worker> {
    let servers = json!([{"name": "clickhouse", "url": clickhouse}]).to_string();
    Worker::start(&[("CHDB_URL", stack.engine_url()), ("CLICKHOUSE", &servers)]).await
}

/// Runs every named query on its view and on the lake.
async fn compare(worker: &Worker, stack: &Stack, days: u64) -> Result<()> {
    let example = stack
        .sql(
            "SELECT anyIf(UserId, ErrorGroup != '' AND UserId != ''), anyIf(ErrorGroup, ErrorGroup != ''), anyIf(TraceId, TraceId != '')
             FROM otel_logs",
        )
        .await?;
    let example = example.rows.into_iter().next().unwrap_or_default();
    let names = ["user_id", "error_group", "trace_id"].map(str::to_owned);
    let mut example = Map::from_iter(names.into_iter().zip(example));
    for (name, value) in [
        ("visitor_id", "nobody"),
        ("event_name", "shop.cart_added"),
        ("metric", "process.memory.usage"),
    ] {
        example.insert(name.to_owned(), value.into());
    }
    let now = jiff::Timestamp::now();
    let range = json!({"from": now - Duration::from_secs(days * 86_400), "to": now});
    println!("\n{:<26} {:>10} {:>10} {:>7}", "p50", "hot", "lake", "ratio");
    for query in catalogue() {
        let mut question =
            json!({"query": query.info.name, "timeRange": range, "params": params(&query.info, &example)});
        let (reply, hot) = median(worker, &question, 31).await?;
        question["backend"] = "chdb".into();
        let (_, lake) = median(worker, &question, 7).await?;
        println!(
            "{:<26} {:>7.1} ms {:>7.1} ms {:>6.1}×  {}",
            query.info.name,
            millis(hot),
            millis(lake),
            lake.as_secs_f64() / hot.as_secs_f64(),
            reply.reason.name(),
        );
    }
    Ok(())
}

/// Returns values for the required parameters of a query, from an error in the lake.
fn params(info: &QueryInfo, example: &Map<String, Value>) -> Value {
    let required = info.params.iter().filter(|param| param.default.is_none());
    required
        .map(|param| (param.name.clone(), example[&param.name].clone()))
        .collect()
}

async fn median(worker: &Worker, question: &Value, times: usize) -> Result<(QueryReply, Duration)> {
    let (reply, _) = ask(worker, question).await?;
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        took.push(ask(worker, question).await?.1);
    }
    Ok((reply, percentile(&mut took, 50)))
}

/// Runs a named query. The time ends with the last byte, before the caller parses the answer.
async fn ask(worker: &Worker, question: &Value) -> Result<(QueryReply, Duration)> {
    let asked = Instant::now();
    let (status, text) = worker.send("/query", question).await?;
    let took = asked.elapsed();
    ensure!(status.is_success(), "{status}: {text}");
    Ok((serde_json::from_str(&text)?, took))
}

/// Returns the time that the caller waits beyond the engine's.
async fn own_time(worker: &Worker, relay: &Relay) -> Result<()> {
    let question = json!({"query": "top_errors", "timeRange": "7d"});
    let mut own = Vec::new();
    for _ in 0..1_000 {
        relay.took();
        let (reply, total) = ask(worker, &question).await?;
        // Not where a check of the engine's health ran beside the answer.
        if let (Reason::View, Some(engine)) = (reply.reason, relay.took()) {
            own.push(total.saturating_sub(engine));
        }
    }
    ensure!(
        own.len() > 900,
        "only {} of 1000 answers were by the view",
        own.len()
    );
    println!(
        "\nthe router's own time over {} answers: p50 {:.1} ms (at most 3), p99 {:.1} ms (at most 15)",
        own.len(),
        millis(percentile(&mut own, 50)),
        millis(percentile(&mut own, 99))
    );
    Ok(())
}

/// Compares queries during a frozen ClickHouse with queries to chDB alone: the time beyond chDB's own for each answer.
async fn failover(worker: &Worker, clickhouse: &ClickHouse) -> Result<()> {
    let question = json!({"query": "top_errors", "timeRange": "7d"});
    let mut forced = question.clone();
    forced["backend"] = "chdb".into();
    let (mut frozen, mut direct) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        worker
            .query_until(&question, |reply| reply.reason == Reason::View)
            .await?;
        clickhouse.signal(Signal::SIGSTOP)?;
        let asked = beyond_engine(worker, &question).await;
        clickhouse.signal(Signal::SIGCONT)?;
        let (reason, waited) = asked?;
        ensure!(reason == Reason::Failover, "{reason:?}");
        frozen.push(waited);
        direct.push(beyond_engine(worker, &forced).await?.1);
    }
    let [frozen, direct] = [&mut frozen, &mut direct].map(|waited| percentile(waited, 50));
    println!(
        "\nClickHouse frozen: the failover added {:.0} ms (median of 5) to {:.0} ms, deadline 1500 ms",
        millis(frozen.saturating_sub(direct)),
        millis(direct),
    );
    Ok(())
}

async fn beyond_engine(worker: &Worker, question: &Value) -> Result<(Reason, Duration)> {
    let (reply, took) = ask(worker, question).await?;
    let engine = Duration::from_secs_f64(reply.backend_ms / 1e3);
    Ok((reply.reason, took.saturating_sub(engine)))
}

fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort();
    let at = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
