//! Many viewers: answers a second, waiting times, errors and processor time of 1, 16 and 64 clients. The peer sends the
//! same statements to the same ClickHouse directly, as Grafana does.
//!
//! `cargo xtask bench viewers [seconds of each load] [days of data]` builds what it needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::{QueryReply, Reason};
use lakefront_tests::{ClickHouse, Stack, SyncProcess, Worker};
use reqwest::{Client, Method, RequestBuilder, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

const CLIENTS: [usize; 3] = [1, 16, 64];
/// The number of different questions: more than the router keeps answers.
const DIFFERENT: u64 = 900;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let seconds = number(5).context("expected: [seconds of each load] [days of data]")?;
    let days = number(7).context("expected: [seconds of each load] [days of data]")?;

    let stack = Stack::start().await?;
    let sent = stack.demo(&["--days", &days.to_string()]).await?;
    println!(
        "{} log records and {} spans of {days} days",
        sent.logs, sent.spans
    );
    let disk = tempfile::tempdir()?;
    let clickhouse = ClickHouse::embedded(disk.path(), Some(stack.lake())).await?;
    let _sync = SyncProcess::start(stack.lake(), &[&clickhouse]).await?;
    let servers = json!([{"name": "clickhouse", "url": clickhouse.url()}]).to_string();
    let variables = [("CHDB_URL", stack.engine_url()), ("CLICKHOUSE", &servers)];
    let worker = Arc::new(Worker::start(&variables).await?);
    let by_view = |reply: &QueryReply| reply.reason == Reason::View;
    worker.query_until(&question(0), by_view).await?;

    let mut explained = question(0);
    explained["explain"] = true.into();
    let statement = worker
        .query(&explained)
        .await?
        .statement
        .context("no statement")?;
    let direct = {
        let (client, url) = (Client::new(), clickhouse.url().to_owned());
        move |number: u64| {
            let params = statement.params.iter().map(|param| {
                let value = if param.name == "limit" {
                    limit(number).to_string()
                } else {
                    param.value.clone()
                };
                (format!("param_{}", param.name), value)
            });
            let params: Vec<_> = params
                .chain([("default_format".into(), "JSONCompact".into())])
                .collect();
            let request = client
                .post(&url)
                .header("x-clickhouse-user", "router")
                .query(&params);
            request.body(statement.sql.clone())
        }
    };
    let asked = {
        let worker = Arc::clone(&worker);
        move |number: u64| worker.request(Method::POST, "/query").json(&question(number))
    };
    let page = {
        let worker = Arc::clone(&worker);
        move |number: u64| {
            let path = format!("/errors?range=7d&limit={}", limit(number));
            worker
                .request(Method::GET, &path)
                .header(header::ACCEPT, "text/html")
        }
    };
    let engine = clickhouse.id().context("the ClickHouse is not embedded")?;
    let bench = Bench {
        time: Duration::from_secs(seconds),
        router: worker.id(),
        engine,
    };
    println!(
        "\n| load | clients | answers/s | p50, ms | p99, ms | errors | router, CPU ms an answer | ClickHouse, CPU ms an answer |\n|---|---|---|---|---|---|---|---|"
    );
    for clients in CLIENTS {
        bench
            .run("the same question", clients, {
                let asked = asked.clone();
                move |_| asked(0)
            })
            .await?;
        bench.run("different questions", clients, asked.clone()).await?;
        bench
            .run("the same page", clients, {
                let page = page.clone();
                move |_| page(0)
            })
            .await?;
        bench
            .run("directly, the same", clients, {
                let direct = direct.clone();
                move |_| direct(0)
            })
            .await?;
        bench.run("directly, different", clients, direct.clone()).await?;
    }
    Ok(())
}

fn question(number: u64) -> Value {
    json!({"query": "top_errors", "timeRange": "7d", "params": {"limit": limit(number)}})
}

/// Returns a limit that makes one question different from another.
fn limit(number: u64) -> u64 {
    10 + number % DIFFERENT
}

/// The processes that are measured, and the duration of a load.
struct Bench {
    time: Duration,
    router: u32,
    engine: u32,
}

impl Bench {
    /// Runs a load and prints its row. `ask` returns the request of a number.
    async fn run(
        &self,
        load: &str,
        clients: usize,
        ask: impl Fn(u64) -> RequestBuilder + Send + Sync + 'static,
    ) -> Result<()> {
        let (ask, numbers) = (Arc::new(ask), Arc::new(AtomicU64::new(1)));
        let before = (cpu(self.router)?, cpu(self.engine)?);
        let (began, mut tasks) = (Instant::now(), JoinSet::new());
        for _ in 0..clients {
            let (ask, numbers, time) = (Arc::clone(&ask), Arc::clone(&numbers), self.time);
            tasks.spawn(async move {
                let (mut took, mut errors) = (Vec::new(), 0_usize);
                while began.elapsed() < time {
                    let asked = Instant::now();
                    match answered(ask(numbers.fetch_add(1, Ordering::Relaxed))).await {
                        Ok(()) => took.push(asked.elapsed()),
                        Err(_) => errors += 1,
                    }
                }
                (took, errors)
            });
        }
        let (mut took, mut errors) = (Vec::new(), 0);
        while let Some(ended) = tasks.join_next().await {
            let (more, failed) = ended?;
            took.extend(more);
            errors += failed;
        }
        let lasted = began.elapsed().as_secs_f64();
        ensure!(!took.is_empty(), "{load}: no answer, {errors} errors");
        took.sort();
        let answers = took.len() as f64;
        let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
        println!(
            "| {load} | {clients} | {:.0} | {:.1} | {:.1} | {errors} | {:.2} | {:.2} |",
            answers / lasted,
            at(50),
            at(99),
            (cpu(self.router)? - before.0) * 1e3 / answers,
            (cpu(self.engine)? - before.1) * 1e3 / answers,
        );
        Ok(())
    }
}

async fn answered(request: RequestBuilder) -> Result<()> {
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}

/// Returns the processor time of a process, in seconds.
fn cpu(process: u32) -> Result<f64> {
    /// Linux counts in hundredths of a second (`USER_HZ`).
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/stat")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = times.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
