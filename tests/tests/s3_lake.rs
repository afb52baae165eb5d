//! The stack over a lake in an S3 store with a REST catalog. Both are third-party servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lakefront_api::EngineHealth;
use lakefront_lake::{Lake, LakeConfig};
use lakefront_query::catalogue;
use lakefront_tests::{
    ClickHouse, Engine, Ingest, LakeAt, Nessie, R2, Relay, S3Lake, Treatment, Worker, append_logs, command,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

const QUICKLY: [&str; 2] = ["--commit-interval", "500ms"];

/// Returns the numbers of rows and of distinct rows that pyiceberg reads.
async fn rows(servers: &S3Lake, table: &str) -> Result<(u64, u64)> {
    let read = servers.pyiceberg(table, &[]).await?;
    let number = |name: &str| read[name].as_u64().unwrap_or_default();
    Ok((number("rows"), number("distinct")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_ingests_acknowledge_is_in_the_tables_once() -> Result<()> {
    let servers = S3Lake::start().await?;
    let (one, other) = (TempDir::new()?, TempDir::new()?);
    let first = Ingest::start(one.path(), &QUICKLY, &servers.at()).await?;
    let second = Ingest::start(other.path(), &QUICKLY, &servers.at()).await?;
    let (sent, more) = tokio::try_join!(
        first.demo(&["--days", "1", "--seed", "1"]),
        second.demo(&["--days", "1", "--seed", "2"]),
    )?;
    tokio::try_join!(first.committed(), second.committed())?;
    let logs = sent.logs + more.logs;
    ensure!(rows(&servers, "otel_logs").await? == (logs, logs));
    let spans = sent.spans + more.spans;
    ensure!(rows(&servers, "otel_traces").await? == (spans, spans));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_acknowledges_while_the_catalog_is_down_and_catches_up() -> Result<()> {
    let mut servers = S3Lake::start().await?;
    let data = TempDir::new()?;
    let ingest = Ingest::start(data.path(), &QUICKLY, &servers.at()).await?;
    let before = ingest.demo(&["--days", "1", "--seed", "1"]).await?;
    ingest.committed().await?;
    servers.stop_catalog();
    let during = ingest.demo(&["--days", "1", "--seed", "2"]).await?;
    ingest.says(|health| !health["last_error"].is_null()).await?;
    servers.start_catalog().await?;
    ingest.committed().await?;
    let logs = before.logs + during.logs;
    ensure!(rows(&servers, "otel_logs").await? == (logs, logs));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn named_queries_take_the_requests_that_were_estimated() -> Result<()> {
    let servers = S3Lake::start().await?;
    let data = TempDir::new()?;
    let ingest = Ingest::start(data.path(), &QUICKLY, &servers.at()).await?;
    ingest.demo(&["--days", "7"]).await?;
    ingest.committed().await?;
    // A file of the day before whose rows are older than the range: the engine opens it, because it skips files by their day alone.
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let midnight = yesterday.as_nanosecond().div_euclid(86_400_000_000_000) * 86_400_000_000_000;
    let record = json!({"timeUnixNano": (midnight + 1).to_string(), "body": {"stringValue": "early"}});
    let early = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let sent = reqwest::Client::new()
        .post(format!("{}/v1/logs", ingest.url()))
        .header("content-type", "application/json")
        .body(early.to_string());
    sent.send().await?.error_for_status()?;
    ingest.committed().await?;
    drop(ingest);
    let engine = Engine::start(&servers.at()).await?;
    let worker = Worker::start(&[("CHDB_URL", engine.url())]).await?;
    let (mut seen, mut far) = (0, Vec::new());
    for query in catalogue() {
        let info = &query.info;
        if info.params.iter().any(|param| param.required()) {
            continue;
        }
        let body = json!({"query": info.name, "timeRange": "24h", "tz": "UTC", "explain": true});
        // The files are read once, and later answers have them in the cache. The engine counts the requests of all that it does, so that
        // the fewest are those of the statement.
        worker.query(&body).await?;
        let (mut reply, mut read) = (worker.query(&body).await?, u64::MAX);
        for _ in 0..3 {
            read = read.min(reply.stats.store_requests.context("no count")?);
            reply = worker.query(&body).await?;
        }
        let sent = reply.statement.context("no statement")?;
        let params = sent
            .params
            .into_iter()
            .map(|param| (param.name, json!(param.value)));
        let asked = json!({"sql": sent.sql, "params": Value::from_iter(params)});
        let (_, estimate) = worker.post("/sql/estimate", &asked).await?;
        let estimated = estimate["storeRequests"]
            .as_u64()
            .with_context(|| format!("{}: {estimate}", info.name))?;
        seen += 1;
        if estimated.abs_diff(read) > estimated.div_ceil(10) {
            far.push(format!("{}: {estimate} was estimated, {read} made", info.name));
        }
    }
    ensure!(seen > 25, "{seen}");
    ensure!(far.is_empty(), "{} of {seen}:\n{}", far.len(), far.join("\n"));
    Ok(())
}

/// Each request takes as long as one from another continent.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_slow_loses_nothing() -> Result<()> {
    const FAR: Duration = Duration::from_millis(150);
    let servers = S3Lake::start().await?;
    let store = Relay::start(&servers.store_url(), |_| Treatment::Late(FAR)).await?;
    let lake = servers.at_with([("LAKEFRONT_S3_ENDPOINT", Some(store.url()))]);
    let data = TempDir::new()?;
    // Compaction reads manifests to plan.
    let options = [&QUICKLY[..], &["--compaction", "off"]].concat();
    let ingest = Ingest::start(data.path(), &options, &lake).await?;
    let sent = ingest.demo(&["--days", "1", "--seed", "1"]).await?;
    ingest.committed().await?;
    // A commit caches the manifests that it wrote, so that the next one reads none.
    let requests = store.take_requests();
    let manifests = |method: &str| {
        let is_one = |line: &&String| line.starts_with(method) && line.contains(".avro");
        requests.iter().filter(is_one).count()
    };
    ensure!(manifests("PUT ") > 0 && manifests("GET ") == 0);
    ensure!(rows(&servers, "otel_logs").await? == (sent.logs, sent.logs));
    let engine = Engine::start(&lake).await?;
    let answer = engine
        .sql("SELECT count(), uniqExact(TraceId) FROM otel_logs")
        .await?;
    ensure!(count(&answer)? == sent.logs);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_tiers_answer_from_it() -> Result<()> {
    let servers = S3Lake::start().await?;
    both_tiers_answer(&servers.at()).await
}

/// This catalog requires a token and issues keys that expire.
#[tokio::test(flavor = "multi_thread")]
async fn both_tiers_answer_from_what_is_closest_to_r2() -> Result<()> {
    let servers = Nessie::start().await?;
    both_tiers_answer(&servers.at()).await
}

/// No DNS server has the bucket's host name. A proxy forwards requests to the store, which takes the bucket from the
/// name.
#[tokio::test(flavor = "multi_thread")]
async fn both_tiers_answer_from_a_bucket_that_is_part_of_the_hosts_name() -> Result<()> {
    let servers = S3Lake::start().await?;
    let asked = Arc::new(AtomicBool::new(false));
    let proxy = {
        // A client sends `GET http://host/path HTTP/1.1` to a proxy.
        let (asked, bucket) = (asked.clone(), format!(" {}/", servers.bucket_url()));
        Relay::start(&servers.store_url(), move |line| {
            asked.fetch_or(line.contains(&bucket), Ordering::SeqCst);
            Treatment::Forward
        })
        .await?
    };
    let lake = servers.at_with([
        ("LAKEFRONT_S3_PATH_STYLE", None),
        ("LAKEFRONT_S3_ENDPOINT", Some(servers.store_url_by_name())),
        ("http_proxy", Some(proxy.url())),
        ("no_proxy", Some("127.0.0.1".to_owned())),
    ]);
    both_tiers_answer(&lake).await?;
    ensure!(asked.load(Ordering::SeqCst));
    Ok(())
}

/// The store refuses what R2 refuses.
#[tokio::test(flavor = "multi_thread")]
async fn both_tiers_answer_from_a_store_with_the_rules_of_r2() -> Result<()> {
    let servers = S3Lake::start().await?;
    let store = R2::start(&servers.store_url()).await?;
    let lake = servers.at_with([
        ("LAKEFRONT_S3_ENDPOINT", Some(store.url())),
        ("LAKEFRONT_S3_REGION", Some("auto".to_owned())),
    ]);
    both_tiers_answer(&lake).await?;
    ensure!(store.multipart_uploads() == 0, "a demo has small files");
    append_large(&Lake::open(LakeConfig::at(lake.place()?)).await?).await?;
    ensure!(store.multipart_uploads() == 1);
    ensure!(store.refusals().is_empty(), "{:?}", store.refusals());
    Ok(())
}

/// Commits a data file of more than 16 MiB.
async fn append_large(lake: &Lake) -> Result<()> {
    let letters = || std::iter::repeat_with(fastrand::alphanumeric);
    let record = |index| LogRecord {
        time_unix_nano: 1_700_000_000_000_000_000 + index,
        body: Some(AnyValue {
            value: Some(any_value::Value::StringValue(letters().take(1_000_000).collect())),
        }),
        ..LogRecord::default()
    };
    append_logs(lake, (0..30_u64).map(record).collect(), 1_000_000).await
}

async fn both_tiers_answer(lake: &LakeAt) -> Result<()> {
    let data = TempDir::new()?;
    let ingest = Ingest::start(data.path(), &QUICKLY, lake).await?;
    let engine = Engine::start(lake).await?;
    let hot = TempDir::new()?;
    let clickhouse = ClickHouse::embedded(hot.path(), None).await?;
    // A query reads the current state of a table that has changed.
    for seed in ["1", "2"] {
        let before = count(&engine.sql("SELECT count() FROM otel_logs").await?)?;
        let sent = ingest.demo(&["--days", "1", "--seed", seed]).await?;
        ingest.committed().await?;
        let mut seen = before;
        let deadline = Instant::now() + Duration::from_secs(30);
        while seen < before + sent.logs {
            ensure!(Instant::now() < deadline, "{seen} rows\n{}", engine.output());
            seen = count(&engine.sql("SELECT count() FROM otel_logs").await?)?;
        }
        ensure!(seen == before + sent.logs);

        // The engine reads nothing twice from the store.
        let bodies = "SELECT sum(cityHash64(RowId, Body)) FROM otel_logs";
        let first = engine.sql(bodies).await?;
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let read = engine.counter("S3GetObject").await?;
            ensure!(engine.sql(bodies).await?.rows == first.rows);
            // The engine's own check of a new snapshot may fall between; each query without a cache would read many.
            if engine.counter("S3GetObject").await? == read {
                break;
            }
            ensure!(Instant::now() < deadline, "every query reads the store again");
        }

        // The engine does not disclose the keys with which it reads the tables.
        for shows in [
            "SHOW CREATE TABLE otel_logs",
            "SELECT * FROM system.tables",
            "SELECT t.* FROM system.tables AS t",
            "SELECT COLUMNS('query') FROM system.tables",
            "SELECT substring(system.tables.engine_full, 1) FROM system.tables",
        ] {
            let Err(refused) = engine.sql(shows).await else {
                bail!("{shows}: the statement that made a table was shown, with a key in it");
            };
            ensure!(format!("{refused:#}").contains("DESCRIBE TABLE"), "{refused:#}");
        }
        engine
            .sql("SELECT name, engine, comment FROM system.tables")
            .await?;
        engine.sql("DESCRIBE TABLE otel_logs").await?;

        let environment = lake.environment();
        let output = tokio::process::Command::from(command("lakefront-sync")?)
            .args(["once", "--clickhouse", clickhouse.url()])
            .envs(environment)
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for table in lakefront_otel::tables() {
            let sum = format!("SELECT sum(cityHash64(RowId)) FROM otel.{}", table.name);
            let (cold, warm) = (engine.sql(&sum).await?, clickhouse.sql(&sum).await?);
            ensure!(
                cold.rows == warm.rows,
                "{}: {:?} {:?}",
                table.name,
                cold.rows,
                warm.rows
            );
        }
    }
    Ok(())
}

/// The catalog issues the keys of the store. From some moment on the store refuses them, until new ones are requested.
/// At the end the catalog hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_whose_keys_have_expired_is_answered_with_new_ones() -> Result<()> {
    let servers = S3Lake::start().await?;
    let data = TempDir::new()?;
    let ingest = Ingest::start(data.path(), &QUICKLY, &servers.at()).await?;
    let sent = ingest.demo(&["--days", "1", "--seed", "1"]).await?;
    ingest.committed().await?;

    let [expired, refused, renewed, hangs] = [(); 4].map(|()| Arc::new(AtomicBool::new(false)));
    let store = {
        let (expired, refused, renewed) = (expired.clone(), refused.clone(), renewed.clone());
        Relay::start(&servers.store_url(), move |_| {
            if !expired.load(Ordering::SeqCst) || renewed.load(Ordering::SeqCst) {
                return Treatment::Forward;
            }
            refused.store(true, Ordering::SeqCst);
            Treatment::Answer(
                403,
                "<Error><Code>ExpiredToken</Code><Message>The token has expired</Message></Error>",
            )
        })
        .await?
    };
    let catalog = {
        let (refused, renewed, hangs) = (refused.clone(), renewed.clone(), hangs.clone());
        Relay::start(&servers.catalog_url(), move |line| {
            if hangs.load(Ordering::SeqCst) {
                return Treatment::Late(Duration::from_secs(600));
            }
            if line.contains("/tables/otel_logs") && refused.load(Ordering::SeqCst) {
                renewed.store(true, Ordering::SeqCst);
            }
            Treatment::Forward
        })
        .await?
    };
    let lake = servers.at_with([
        ("LAKEFRONT_S3_ACCESS_KEY_ID", None),
        ("LAKEFRONT_S3_SECRET_ACCESS_KEY", None),
        ("LAKEFRONT_S3_ENDPOINT", Some(store.url())),
        ("LAKEFRONT_CATALOG_URI", Some(catalog.url())),
        // Without the cache, a repeated read requests the file from the store.
        ("LAKEFRONT_CHDB_STORE_CACHE", Some("0".to_owned())),
    ]);
    let engine = Engine::start(&lake).await?;
    let sum = "SELECT count(), sum(cityHash64(RowId, Body)) FROM otel_logs";
    let before = engine.sql(sum).await?;
    ensure!(count(&before)? == sent.logs);
    ensure!(before.stats.store_requests.is_some_and(|requests| requests > 0));
    expired.store(true, Ordering::SeqCst);
    let after = engine
        .sql("SELECT count(), uniqExact(TraceId) FROM otel_logs")
        .await?;
    ensure!(count(&after)? == sent.logs);
    ensure!(refused.load(Ordering::SeqCst) && renewed.load(Ordering::SeqCst));

    let health = async || -> Result<EngineHealth> {
        let url = format!("{}health", engine.url());
        let reply = reqwest::get(url).await?.error_for_status()?;
        Ok(serde_json::from_slice(&reply.bytes().await?)?)
    };
    ensure!(health().await?.lake.as_of.is_some());
    hangs.store(true, Ordering::SeqCst);
    catalog.take_requests();
    while catalog.take_requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // One read of the catalog hangs, and so do those after it. Health keeps the last result, whose time stays the same.
    let seen = health().await?.lake.as_of;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let asked = Instant::now();
        let now = health().await?;
        ensure!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        ensure!(now.lake.as_of == seen && seen.is_some(), "{now:?}");
    }
    Ok(())
}

fn count(answer: &lakefront_clickhouse_http::Answer) -> Result<u64> {
    answer.rows[0][0].as_u64().context("a count")
}
