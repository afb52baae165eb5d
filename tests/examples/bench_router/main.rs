//! Measures the router's own time, the gain of views, and the time that a failover adds, in one run over real processes.
//! `cargo xtask bench router` builds what it needs.

mod relay;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::{QueryInfo, QueryReply, Reason};
use lakefront_query::catalogue;
use lakefront_tests::{ClickHouse, Stack, SyncProcess, Worker};
use nix::sys::signal::Signal;
use relay::Relay;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

/// Events that one run of the demo sends for a day, roughly.
const DEMO_EVENTS_A_DAY: u64 = 13_900;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let events_a_day = number(500_000).context("expected: [events a day] [days]")?;
    let days = number(14).context("expected: [events a day] [days]")?;

    let stack = Stack::start().await?;
    fill(&stack, events_a_day, days).await?;
    let disk = tempfile::tempdir()?;
    let clickhouse = ClickHouse::embedded(disk.path(), Some(stack.lake())).await?;
    let began = Instant::now();
    let sync = SyncProcess::start(stack.lake(), &[&clickhouse]).await?;
    until_covered(&clickhouse, &sync, days).await?;
    println!("ClickHouse filled in {:.0} s", began.elapsed().as_secs_f64());
    until_merged(&clickhouse).await?;

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

/// The demo's traffic of many shops.
async fn fill(stack: &Stack, events_a_day: u64, days: u64) -> Result<()> {
    let shops = (events_a_day / DEMO_EVENTS_A_DAY).max(1);
    let (mut events, mut rows) = (0, [0, 0]);
    let began = Instant::now();
    for shop in 1..=shops {
        let (days, seed) = (days.to_string(), shop.to_string());
        let sent = stack.demo(&["--days", &days, "--seed", &seed]).await?;
        events += sent.logs + sent.spans + sent.points;
        rows = [rows[0] + sent.logs, rows[1] + sent.spans];
    }
    stack.committed("otel_logs", rows[0]).await?;
    stack.committed("otel_traces", rows[1]).await?;
    println!(
        "lake: {events} events of {days} days ({} a day) in {:.0} s",
        events / days,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn until_covered(clickhouse: &ClickHouse, sync: &SyncProcess, days: u64) -> Result<()> {
    let views: Vec<&str> = lakefront_hot_tier::views()
        .iter()
        .map(|view| view.name.as_str())
        .collect();
    let sql = format!(
        "SELECT uniq(view) = {} FROM otel.coverage FINAL WHERE first_day <= today() - {days} AND view IN ('{}')",
        views.len(),
        views.join("', '")
    );
    let deadline = Instant::now() + Duration::from_secs(1_200);
    loop {
        if let Ok(answer) = clickhouse.sql(&sql).await
            && answer.rows.first().and_then(|row| row[0].as_u64()) == Some(1)
        {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "not filled after 20 minutes\n{}",
            sync.output()
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// Merges the days that get no more rows to one part each, as ClickHouse does in time.
async fn until_merged(clickhouse: &ClickHouse) -> Result<()> {
    const TOO_MANY: &str = "SELECT count() FROM (SELECT table, partition FROM system.parts WHERE active AND database = 'otel' \
                            AND partition LIKE '20%' AND partition < toString(yesterday()) GROUP BY ALL HAVING count() > 1)";
    let began = Instant::now();
    loop {
        let left = clickhouse.sql(TOO_MANY).await?;
        let left = left.rows.first().and_then(|row| row[0].as_u64());
        if left == Some(0) {
            println!("every day one part after {:.0} s", began.elapsed().as_secs_f64());
            return Ok(());
        }
        ensure!(
            began.elapsed() < Duration::from_secs(1_800),
            "{left:?} days are in several parts after half an hour"
        );
        sleep(Duration::from_secs(1)).await;
    }
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
    let example = Map::from_iter(names.into_iter().zip(example));
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
