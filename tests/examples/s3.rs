//! Compares a lake on an S3 store behind a REST catalog with one on local disk: commits, named queries, and their requests.
//! MinIO and the catalog run on the same machine, so that times are without a network. `cargo xtask bench s3` builds what
//! it needs.

#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with the tests of crates/lake"
)]
#[path = "../../crates/lake/tests/it/common.rs"]
mod common;

use anyhow::{Context as _, Result, ensure};
use arrow_array::RecordBatch;
use common::rows;
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_lake::{Lake, LakeConfig, LakeLocation};
use lakefront_query::catalogue;
use lakefront_tests::{Engine, Ingest, LakeAt, Relay, S3Lake, Treatment};
use serde_json::json;
use tokio::time::Instant;

const TABLE: &str = "otel_logs";
/// Log records of a commit, all of one day.
const ROWS: usize = 1_000;
const COMMITS: i64 = 200;
const DAYS: &str = "7";
/// Number of repetitions of a query.
const TIMES: usize = 9;
/// Number of cold starts.
const STARTS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let (servers, folder) = (S3Lake::start().await?, tempfile::tempdir()?);
    let local = commits(LakeConfig::new(folder.path().join("commits"))).await?;
    let remote = commits(at(&servers, None)?).await?;
    println!(
        "a commit of {ROWS} log records, median of {COMMITS}: {local:.1} ms on local disk, {remote:.1} ms on S3"
    );
    requests_of_commits().await?;

    let (servers, data) = (S3Lake::start().await?, folder.path().join("data"));
    let on_disk = Ingest::start(&data, &[], &LakeAt::folder(data.join("lake"))).await?;
    let on_s3 = Ingest::start(folder.path(), &[], &servers.at()).await?;
    let now = Timestamp::now().to_string();
    for ingest in [&on_disk, &on_s3] {
        ingest
            .demo(&["--days", DAYS, "--seed", "1", "--until", &now])
            .await?;
        ingest.committed().await?;
    }
    let (disk, s3) = (LakeAt::folder(data.join("lake")), servers.at());
    for (name, lake) in [("local disk", &disk), ("S3", &s3)] {
        let mut took = Vec::new();
        for _ in 0..STARTS {
            let started = Instant::now();
            let engine = Engine::start(lake).await?;
            let request = json!({"query": "top_errors", "timeRange": format!("{DAYS}d")});
            engine
                .query(&serde_json::from_value(request)?, Timestamp::now())
                .await?;
            took.push(started.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "chDB from its start to the errors of {DAYS} days on {name}: {:.0} ms (median of {STARTS})",
            median(took)
        );
    }
    queries(&Engine::start(&disk).await?, &Engine::start(&s3).await?).await
}

/// Returns the location of the servers' lake, behind relays if there are any.
fn at(servers: &S3Lake, relays: Option<[&Relay; 2]>) -> Result<LakeConfig> {
    let mut place = servers.at().place()?;
    if let (LakeLocation::RestCatalog(lake), Some([catalog, store])) = (&mut place, relays) {
        lake.catalog_uri = Some(catalog.url());
        lake.s3_endpoint = Some(store.url());
    }
    Ok(LakeConfig::at(place))
}

/// Returns the rows of the n-th commit, all with the current time.
fn batch(n: i64) -> RecordBatch {
    let now = Timestamp::now().as_microsecond();
    rows(TABLE, n * ROWS as i64, ROWS, |_| now)
}

/// Returns the median time of a commit in milliseconds, with the writing of its files.
async fn commits(config: LakeConfig) -> Result<f64> {
    let lake = Lake::open(config).await?;
    let mut times = Vec::new();
    for n in 0..COMMITS {
        let batch = batch(n);
        let started = Instant::now();
        let files = lake.write(TABLE, batch).await?;
        lake.append(TABLE, &files, None).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}

/// Counts the requests on separate servers.
async fn requests_of_commits() -> Result<()> {
    let servers = S3Lake::start().await?;
    let catalog = Relay::start(&servers.catalog_url(), |_| Treatment::Forward).await?;
    let store = Relay::start(&servers.store_url(), |_| Treatment::Forward).await?;
    let lake = Lake::open(at(&servers, Some([&catalog, &store]))?).await?;
    for relay in [&catalog, &store] {
        relay.take_requests();
    }
    for n in 0..COMMITS {
        let files = lake.write(TABLE, batch(n)).await?;
        lake.append(TABLE, &files, None).await?;
    }
    for (name, relay) in [("catalog", catalog), ("store", store)] {
        let requests = relay.take_requests();
        let of = |method: &str| {
            requests.iter().filter(|line| line.starts_with(method)).count() as f64 / COMMITS as f64
        };
        println!(
            "requests to the {name} a commit: {:.2} GET, {:.2} HEAD, {:.2} PUT, {:.2} POST, {:.2} DELETE",
            of("GET"),
            of("HEAD"),
            of("PUT"),
            of("POST"),
            of("DELETE")
        );
    }
    Ok(())
}

/// Runs every named query on both lakes, in turns.
async fn queries(disk: &Engine, s3: &Engine) -> Result<()> {
    println!("\nchDB over {DAYS} days of the demo, median of {TIMES}");
    println!(
        "{:<26}{:>10}{:>10}{:>8}{:>16}{:>12}",
        "query", "disk, ms", "S3, ms", "ratio", "requests, first", "after that"
    );
    let now = Timestamp::now();
    for query in catalogue() {
        let required = query.info.params.iter().filter(|param| param.required());
        let params: serde_json::Map<_, _> = required
            .map(|param| (param.name.clone(), json!("nobody")))
            .collect();
        let request: QueryRequest = serde_json::from_value(json!({
            "query": query.info.name,
            "timeRange": format!("{DAYS}d"),
            "params": params,
        }))?;
        let (mut times, mut requests) = ([Vec::new(), Vec::new()], Vec::new());
        for _ in 0..TIMES {
            let mut answers = Vec::new();
            for (engine, times) in [disk, s3].into_iter().zip(&mut times) {
                let started = Instant::now();
                answers.push(engine.query(&request, now).await?);
                times.push(started.elapsed().as_secs_f64() * 1e3);
            }
            ensure!(
                answers[0].rows.len() == answers[1].rows.len(),
                "{}",
                query.info.name
            );
            requests.push(answers[1].stats.store_requests.context("no count")?);
        }
        let [on_disk, on_s3] = times.map(median);
        let after = requests[1..].iter().max().copied().unwrap_or_default();
        println!(
            "{:<26}{on_disk:>10.1}{on_s3:>10.1}{:>8.2}{:>16}{after:>12}",
            query.info.name,
            on_s3 / on_disk,
            requests[0]
        );
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
