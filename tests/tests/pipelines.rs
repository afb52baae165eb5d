//! Telemetry through Cloudflare Pipelines: Worker, streams, landing tables, keeper, lake.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use http::{HeaderMap, HeaderValue, Method, Uri};
use lakefront_lake::{Lake, LakeConfig};
use lakefront_landing::{NAMESPACE, definitions};
use lakefront_otel::decode::Signal;
use lakefront_otlp::{BearerKeys, Format, KeyBudgets, KeyOrigins};
use lakefront_router::config::Landing;
use lakefront_router::landing::Head;
use lakefront_tests::{
    Engine, Ingest, LakeAt, Pipelines, Relay, S3Lake, Tail, Taking, Treatment, Worker, command,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message as _;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

/// A lake behind a catalog, and an account with all streams, sinks and pipelines.
struct World {
    servers: S3Lake,
    pipelines: Pipelines,
    /// `LANDING_STREAMS`
    streams: String,
}

impl World {
    async fn start() -> Result<Self> {
        let servers = S3Lake::start().await?;
        let pipelines = Pipelines::start(&servers.at()).await?;
        let made = create(&pipelines, Pipelines::TOKEN).await?;
        let streams = made.strip_prefix("LANDING_STREAMS=").context("no streams")?;
        let streams = streams.to_owned();
        Ok(Self {
            servers,
            pipelines,
            streams,
        })
    }

    async fn worker(&self, more: &[(&str, &str)]) -> Result<Worker> {
        let variables = [
            // No engine is needed to take telemetry.
            ("CHDB_URL", "http://127.0.0.1:9"),
            ("LANDING", "pipelines"),
            ("LANDING_STREAMS", &self.streams),
            ("LANDING_TOKEN", Pipelines::TOKEN),
        ];
        // Most tests count rows.
        let usage = ("USAGE_SECONDS", "0");
        let is_given = more.iter().any(|(name, _)| *name == usage.0);
        let more = [
            more,
            if is_given {
                &[]
            } else {
                std::slice::from_ref(&usage)
            },
        ]
        .concat();
        Worker::start(&[&variables[..], &more].concat()).await
    }

    /// Sends a request's chunks to the streams, as the Worker does, without receipts.
    async fn send(&self, body: &[u8]) -> Result<u64> {
        let streams: BTreeMap<String, String> = serde_json::from_str(&self.streams)?;
        let landing = Landing {
            streams: BTreeMap::new(),
            token: None,
            keys: BearerKeys::default(),
            key_origins: KeyOrigins::default(),
            key_budgets: KeyBudgets::default(),
            usage_interval: Duration::ZERO,
            visitor_secret: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let head = Head {
            signal: Signal::Logs,
            method: &Method::POST,
            uri: &Uri::from_static("/v1/logs"),
            headers: &headers,
            sender: None,
            arrival: jiff::Timestamp::now().as_microsecond(),
            is_own: false,
        };
        let rows = head.rows(&landing, Format::Json, body, [0; 16])?;
        let mut sent = 0;
        for (of, chunk) in rows.chunks() {
            let chunk = chunk.ok().context("too large")?;
            let request = reqwest::Client::new()
                .post(&streams[of])
                .bearer_auth(Pipelines::TOKEN);
            request.body(chunk.body).send().await?.error_for_status()?;
            sent += u64::from(chunk.rows);
        }
        Ok(sent)
    }

    /// Waits until the receipts of so many chunks have arrived at their stream.
    async fn receipts(&self, chunks: usize) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.pipelines.waiting()["lakefront_receipts_v1"] < chunks {
            ensure!(Instant::now() < deadline, "{:?}", self.pipelines.waiting());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Returns the numbers of rows and of distinct rows that pyiceberg reads.
    async fn rows(&self, table: &str) -> Result<(u64, u64)> {
        let read = self.servers.pyiceberg(table, &[]).await?;
        let number = |name: &str| read[name].as_u64().unwrap_or_default();
        Ok((number("rows"), number("distinct")))
    }

    async fn landing(&self) -> Result<Lake> {
        let config = LakeConfig {
            namespace: NAMESPACE,
            tables: definitions(),
            ..LakeConfig::at(self.servers.at().place()?)
        };
        Ok(Lake::open_existing(config).await?)
    }
}

/// The file by which `lakefront deploy` makes all resources.
const LAKEFRONT_TOML: &str = r#"
name = "lakefront"
account = "0123456789abcdef0123456789abcdef"
bucket = { name = "lake" }
landing = { by = "pipelines" }
access = { viewers = "token" }
"#;

/// Makes all resources with `lakefront deploy --landing-only`, and returns the streams that it prints.
async fn create(pipelines: &Pipelines, token: &str) -> Result<String> {
    let folder = TempDir::new()?;
    let file = folder.path().join("lakefront.toml");
    std::fs::write(&file, LAKEFRONT_TOML)?;
    let output = tokio::process::Command::from(command("lakefront-deploy")?)
        .args(["--landing-only", "--yes", "--api", &pipelines.api(), "--file"])
        .arg(&file)
        .env("CLOUDFLARE_API_TOKEN", token)
        .env("CATALOG_TOKEN", "token-of-the-catalog")
        .output()
        .await?;
    let written = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{written}");
    ensure!(!written.contains("token-of"), "{written}");
    let printed = String::from_utf8(output.stdout)?;
    let streams = printed.lines().find(|line| line.starts_with("LANDING_STREAMS="));
    Ok(streams.context("no streams")?.to_owned())
}

/// Starts `lakefront-ingest keep`.
fn keeper(lake: &LakeAt, arguments: &[&str]) -> Result<tokio::process::Command> {
    let mut keep = tokio::process::Command::from(command("lakefront-ingest")?);
    keep.args(["keep", "--json"])
        .args(arguments)
        .envs(lake.environment())
        .kill_on_drop(true);
    Ok(keep)
}

/// Runs the keeper to its end, and returns its report.
async fn keep(lake: &LakeAt, arguments: &[&str]) -> Result<Value> {
    let output = keeper(lake, arguments)?.output().await?;
    let written = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{written}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the sum of a stage over the hours of a table.
fn sum(report: &Value, table: &str, stage: &str) -> u64 {
    let hours = report["tables"][table]["hours"].as_object();
    let rows = hours
        .into_iter()
        .flatten()
        .filter_map(|(_, hour)| hour[stage].as_u64());
    rows.sum()
}

fn nanos() -> i128 {
    jiff::Timestamp::now().as_nanosecond()
}

/// Returns logs that no other call returns.
fn logs(count: usize) -> Vec<u8> {
    let now = nanos();
    let record = |index: usize| {
        json!({
            "timeUnixNano": (now + index as i128).to_string(),
            "body": {"stringValue": format!("log {index}")},
            "attributes": [{"key": "a \"key\"", "value": {"stringValue": "ä\n"}}],
        })
    };
    let records: Vec<Value> = (0..count).map(record).collect();
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    body.to_string().into_bytes()
}

fn post(worker: &Worker, path: &str, body: Vec<u8>) -> RequestBuilder {
    worker
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(body)
}

async fn document(answer: Response) -> Result<(u16, Value)> {
    Ok((
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await?)?,
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_worker_takes_is_in_the_lake_once_and_what_a_sink_dropped_is_seen() -> Result<()> {
    let world = World::start().await?;
    let worker = world.worker(&[("INGEST_KEYS", "key-of-shop")]).await?;
    let send = |path: &str, body: Vec<u8>| post(&worker, path, body).bearer_auth("key-of-shop");

    // A stream that is busy, and one whose answer is lost.
    let requests = AtomicU32::new(0);
    world.pipelines.treat(move |stream| {
        let is_logs = stream.contains("logs");
        match is_logs.then(|| requests.fetch_add(1, Ordering::SeqCst)) {
            Some(0) => Taking::Refuse(429),
            Some(2) => Taking::TakeAndFail(500),
            _ => Taking::Take,
        }
    });
    let first = logs(100);
    let (status, body) = document(send("/v1/logs", first.clone()).send().await?).await?;
    ensure!((status, &body) == (200, &json!({})), "{status} {body}");
    world.receipts(1).await?;
    // The answer to the sender was lost.
    let (status, _) = document(send("/v1/logs", first).send().await?).await?;
    ensure!(status == 200);
    world.receipts(2).await?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&logs(50))?;
    let gzip = send("/v1/logs", gzip.finish()?).header("content-encoding", "gzip");
    ensure!(gzip.send().await?.status() == 200);
    let span = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "GET /",
        "startTimeUnixNano": nanos().to_string(), "endTimeUnixNano": nanos().to_string(),
        "events": [{"name": "e", "timeUnixNano": nanos().to_string()}],
    });
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    ensure!(
        send("/v1/traces", spans.to_string().into())
            .send()
            .await?
            .status()
            == 200
    );
    let point = json!({"timeUnixNano": nanos().to_string(), "asDouble": "NaN"});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "g", "gauge": {"dataPoints": [point]}},
        {"name": "s", "sum": {"dataPoints": [point], "isMonotonic": true, "aggregationTemporality": 2}},
    ]}]}]});
    ensure!(
        send("/v1/metrics", metrics.to_string().into())
            .send()
            .await?
            .status()
            == 200
    );
    world.receipts(6).await?;

    world.pipelines.roll(|_, _| false).await?;
    let data = TempDir::new()?;
    let options = [
        "--keeper",
        "on",
        "--keeper-interval",
        "200ms",
        "--compaction",
        "off",
    ];
    let ingest = Ingest::start(data.path(), &options, &world.servers.at()).await?;
    // Receipts land after rows.
    let settled = async |table: &'static str, accepted: u64, moved: u64| {
        ingest
            .says(|health| {
                let of = |stage| sum(&health["landing"], table, stage);
                (of("accepted"), of("moved")) == (accepted, moved)
            })
            .await
    };
    settled("otel_logs", 250, 150).await?;
    settled("otel_metrics_sum", 1, 1).await?;
    ensure!(world.rows("otel_logs").await? == (150, 150));
    for table in ["otel_traces", "otel_metrics_gauge", "otel_metrics_sum"] {
        ensure!(world.rows(table).await? == (1, 1), "{table}");
    }
    let health = ingest.health().await?;
    let of = |stage| sum(&health["landing"], "otel_logs", stage);
    // The first request was sent twice, and the second of them landed twice.
    ensure!(
        (of("accepted"), of("landed"), of("repeated")) == (250, 350, 200),
        "{health}"
    );

    // A sink drops rows that its stream has acknowledged.
    ensure!(send("/v1/logs", logs(20)).send().await?.status() == 200);
    world.receipts(1).await?;
    world
        .pipelines
        .roll(|table, row| table == "otel_logs_v1" && row % 4 == 0)
        .await?;
    settled("otel_logs", 270, 165).await?;
    let health = ingest.health().await?;
    ensure!(sum(&health["landing"], "otel_logs", "landed") == 365, "{health}");
    // One that drops all rows of a request leaves nothing but the receipt.
    ensure!(
        send("/v1/traces", spans.to_string().into())
            .send()
            .await?
            .status()
            == 200
    );
    world.receipts(1).await?;
    world.pipelines.roll(|table, _| table == "otel_traces_v1").await?;
    settled("otel_traces", 2, 1).await?;
    let health = ingest.health().await?;
    ensure!(sum(&health["landing"], "otel_traces", "landed") == 1, "{health}");
    let metrics = reqwest::get(format!("{}/metrics", ingest.url()))
        .await?
        .text()
        .await?;
    let line = "lakefront_ingest_landing_rows{table=\"otel_traces\",stage=\"accepted\"} 2";
    ensure!(metrics.contains(line), "{metrics}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_counts_what_it_takes_by_key_and_origin() -> Result<()> {
    let world = World::start().await?;
    let variables = [
        ("INGEST_KEYS", "shop=key-of-shop,other"),
        ("INGEST_KEY_ORIGINS", "shop=https://shop.example"),
        ("USAGE_SECONDS", "1"),
    ];
    let worker = world.worker(&variables).await?;
    let send = async |origin: &'static str| -> Result<u16> {
        let request = post(&worker, "/v1/logs", logs(30)).bearer_auth("key-of-shop");
        Ok(request.header("origin", origin).send().await?.status().as_u16())
    };
    ensure!(send("https://shop.example").await? == 200);
    ensure!(send("https://other.example").await? == 403);
    // A receipt of the request, and one of the counts.
    world.receipts(2).await?;
    world.pipelines.roll(|_, _| false).await?;
    keep(&world.servers.at(), &[]).await?;
    let engine = Engine::start(&world.servers.at()).await?;
    let events =
        "SELECT Body FROM otel_logs WHERE EventName = 'lakefront.usage' AND ServiceName = 'lakefront-router'";
    let bodies = engine.sql(events).await?.rows.into_iter().flatten();
    let counts: Vec<Value> = bodies
        .filter_map(|body| serde_json::from_str(body.as_str()?).ok())
        .collect();
    let of = |outcome: &str| counts.iter().find(|count| count["outcome"] == outcome);
    let accepted = of("accepted").with_context(|| format!("{counts:?}"))?;
    ensure!(
        accepted["by"] == "worker" && accepted["key"] == "shop",
        "{accepted}"
    );
    ensure!(
        accepted["requests"] == 1 && accepted["records"] == 30,
        "{accepted}"
    );
    let sent = of("sent").context("no bytes of streams")?;
    ensure!(
        sent["records"] == 30 && sent["bytes"].as_u64() > Some(30 * 50),
        "{sent}"
    );
    let refused = of("refused").context("no refusal")?;
    ensure!(
        refused["reason"] == "key_origin" && refused["key"] == "shop",
        "{refused}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_acknowledges_only_what_streams_took() -> Result<()> {
    let world = World::start().await?;
    let worker = world.worker(&[]).await?;
    // A row that no stream can take is rejected, and the others are taken.
    let record = |body: String| LogRecord {
        time_unix_nano: nanos() as u64,
        body: Some(AnyValue {
            value: Some(Any::StringValue(body)),
        }),
        ..LogRecord::default()
    };
    let large = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: vec![
                    record("x".to_owned()),
                    record("\u{1}".repeat(900_000)),
                    record("y".repeat(1_000_000)),
                ],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    let answer = worker
        .request(Method::POST, "/v1/logs")
        .header("content-type", "application/x-protobuf")
        .header("origin", "https://shop.example")
        .body(large.encode_to_vec())
        .send()
        .await?;
    ensure!(answer.headers()["access-control-allow-origin"] == "https://shop.example");
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(
        status == 200 && body.windows(9).any(|part| part == b"too large"),
        "{status} {body:?}"
    );
    ensure!(world.pipelines.waiting()["lakefront_otel_logs_v1"] == 2);

    // A stream that takes nothing, whoever's fault it is.
    for refusal in [503, 401] {
        world.pipelines.treat(move |_| Taking::Refuse(refusal));
        let before = world.pipelines.requests();
        let answer = post(&worker, "/v1/logs", logs(1)).send().await?;
        ensure!(answer.status() == 503 && answer.headers().contains_key("retry-after"));
        let requests = world.pipelines.requests() - before;
        ensure!(
            (requests > 3) == (refusal == 503),
            "{refusal}: {requests} requests"
        );
    }
    // Of two tables, one is not taken: the sender repeats the request.
    world.pipelines.treat(|stream| match stream.contains("gauge") {
        true => Taking::Refuse(404),
        false => Taking::Take,
    });
    let point = json!({"timeUnixNano": nanos().to_string(), "asInt": 1});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "g", "gauge": {"dataPoints": [point]}}, {"name": "s", "sum": {"dataPoints": [point]}},
    ]}]}]});
    let metrics = || post(&worker, "/v1/metrics", metrics.to_string().into());
    let (status, body) = document(metrics().send().await?).await?;
    ensure!(
        status == 503 && body.to_string().contains("1 of 2 rows"),
        "{status} {body}"
    );
    world.pipelines.treat(|_| Taking::Take);
    ensure!(metrics().send().await?.status() == 200);
    world.pipelines.roll(|_, _| false).await?;
    keep(&world.servers.at(), &[]).await?;
    ensure!(world.rows("otel_metrics_gauge").await? == (1, 1));
    ensure!(world.rows("otel_metrics_sum").await? == (1, 1));

    // Bodies that may not be taken.
    let status =
        async |request: RequestBuilder| -> Result<u16> { Ok(request.send().await?.status().as_u16()) };
    ensure!(status(post(&worker, "/v1/logs", b"no".to_vec())).await? == 400);
    ensure!(status(post(&worker, "/v1/logs", vec![b' '; 5 << 20])).await? == 413);
    let broken = post(&worker, "/v1/logs", b"no gzip".to_vec()).header("content-encoding", "gzip");
    ensure!(status(broken).await? == 400);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20])?;
    let bomb = post(&worker, "/v1/logs", bomb.finish()?).header("content-encoding", "gzip");
    ensure!(status(bomb).await? == 413);
    ensure!(status(worker.request(Method::GET, "/v1/logs")).await? == 405);
    ensure!(status(worker.request(Method::OPTIONS, "/v1/logs")).await? == 204);
    Ok(())
}

/// Kills come at any time, and several keepers run at once.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_moved_once_whatever_is_killed_when() -> Result<()> {
    let world = World::start().await?;
    let mut sent = 0;
    for _ in 0..6 {
        let body = logs(700);
        sent += world.send(&body).await?;
        // Half of them land again, in this file or in a later one.
        if sent % 1_400 == 0 {
            world.send(&body).await?;
        }
        world.pipelines.roll(|_, _| false).await?;
    }
    for kill in 0..12_u64 {
        let start = || {
            keeper(&world.servers.at(), &[])?
                .stdout(Stdio::null())
                .spawn()
                .map_err(anyhow::Error::from)
        };
        let (mut one, mut other) = (start()?, start()?);
        let lifetime = Duration::from_millis(150 * kill);
        // A keeper that ends before is as good.
        let _ = tokio::time::timeout(lifetime, one.wait()).await;
        one.kill().await?;
        let _ = tokio::time::timeout(lifetime / 4, other.wait()).await;
        other.kill().await?;
    }
    let report = keep(&world.servers.at(), &[]).await?;
    ensure!(world.rows("otel_logs").await? == (sent, sent), "{report}");
    ensure!(sum(&report, "otel_logs", "moved") == sent, "{report}");
    ensure!(sum(&report, "otel_logs", "landed") == sent * 3 / 2, "{report}");
    // Nothing is left to do.
    ensure!(keep(&world.servers.at(), &[]).await?["tables"] == report["tables"]);
    Ok(())
}

/// The catalog commits and its answer is lost, or a gateway repeats the request.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_moved_once_although_answers_are_lost() -> Result<()> {
    let world = World::start().await?;
    // Makes the tables of the lake.
    keep(&world.servers.at(), &[]).await?;
    for treatment in [Treatment::LoseAnswer, Treatment::Twice, Treatment::LoseRequest] {
        let before = world.rows("otel_logs").await?.0;
        let sent = world.send(&logs(30)).await?;
        world.pipelines.roll(|_, _| false).await?;
        let commits = AtomicU32::new(0);
        let relay = Relay::start(&world.servers.catalog_url(), move |line| {
            let is_commit = line.starts_with("POST ") && line.contains("/tables/otel_logs");
            match is_commit && commits.fetch_add(1, Ordering::SeqCst) == 0 {
                true => treatment,
                false => Treatment::Forward,
            }
        })
        .await?;
        let lake = world
            .servers
            .at_with([("LAKEFRONT_CATALOG_URI", Some(relay.url()))]);
        // A run that fails says so, and the next one goes on.
        let _ = keep(&lake, &[]).await;
        keep(&world.servers.at(), &[]).await?;
        let after = before + sent;
        ensure!(world.rows("otel_logs").await? == (after, after), "{treatment:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn landed_files_are_deleted_and_a_foreign_compaction_is_refused() -> Result<()> {
    let world = World::start().await?;
    let mut sent = 0;
    for _ in 0..3 {
        sent += world.send(&logs(10)).await?;
        world.pipelines.roll(|_, _| false).await?;
    }
    let landing = world.landing().await?;
    let files = async || Ok::<_, anyhow::Error>(landing.state("otel_logs_v1").await?.files.len());
    keep(&world.servers.at(), &[]).await?;
    ensure!(files().await? == 3, "they are kept for a while");
    keep(&world.servers.at(), &["--landing-keep", "0s"]).await?;
    ensure!(files().await? == 0);
    ensure!(world.rows("otel_logs").await? == (sent, sent));

    // Rows that land after that are moved too, and rows that no Worker sent are counted.
    let streams: BTreeMap<String, String> = serde_json::from_str(&world.streams)?;
    let foreign = json!([{"_version": 1, "_chunk": "x", "_row": 0, "_rows": 1, "_accepted": 1, "timestamp": 1,
        "observed_timestamp": 1, "trace_flags": 0, "severity_number": 0}, {"no": "row"}, 5]);
    let request = reqwest::Client::new()
        .post(&streams["otel_logs"])
        .bearer_auth(Pipelines::TOKEN);
    request
        .body(foreign.to_string())
        .send()
        .await?
        .error_for_status()?;
    sent += world.send(&logs(10)).await?;
    world.pipelines.roll(|_, _| false).await?;
    let report = keep(&world.servers.at(), &[]).await?;
    ensure!(world.rows("otel_logs").await? == (sent, sent));
    ensure!(sum(&report, "otel_logs", "unreadable") == 1, "{report}");

    world.send(&logs(10)).await?;
    world.pipelines.roll(|_, _| false).await?;
    let old: Vec<_> = landing.state("otel_logs_v1").await?.files;
    let old: Vec<_> = old.into_iter().map(|file| file.file).collect();
    let merged = landing.merge("otel_logs_v1", &old).await?;
    landing.replace("otel_logs_v1", &old, &merged).await?;
    let refused = keep(&world.servers.at(), &[]).await;
    let message = format!("{:#}", refused.err().context("it moved rows twice")?);
    ensure!(message.contains("turn compaction off"), "{message}");
    ensure!(world.rows("otel_logs").await? == (sent, sent));

    // Each run was a job of its own, and the fields of the rows are written once an hour.
    let engine = Engine::start(&world.servers.at()).await?;
    let counted = "SELECT count(), uniqExact(toStartOfHour(Timestamp)), any(Body) FROM otel_logs WHERE EventName = 'lakefront.fields'";
    let [events, hours, body] = &engine.sql(counted).await?.rows[0][..] else {
        bail!("three columns");
    };
    ensure!(
        events == hours && events.as_u64() > Some(0),
        "{events} of {hours}"
    );
    let body: Value = serde_json::from_str(body.as_str().unwrap_or_default())?;
    ensure!(
        body["fields"]["a \"key\""]["records"] == body["records"],
        "{body}"
    );
    Ok(())
}

/// There is no ingest: isolates hand what they take to the Durable Object, where readers get it.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_worker_takes_is_read_live() -> Result<()> {
    let pipelines = Pipelines::start(&LakeAt::folder("/nonexistent")).await?;
    let made = create(&pipelines, Pipelines::TOKEN).await?;
    let streams = made
        .trim()
        .strip_prefix("LANDING_STREAMS=")
        .context("no streams")?;
    let worker = Worker::start(&[
        ("CHDB_URL", "http://127.0.0.1:9"),
        ("LANDING", "pipelines"),
        ("LANDING_STREAMS", streams),
        ("LANDING_TOKEN", Pipelines::TOKEN),
    ])
    .await?;
    let open = async |query: &str| {
        let path = format!("/tail?signal=logs&q={query}");
        Tail::open(worker.request(Method::GET, &path)).await
    };
    let record = |body: &str| {
        let record =
            json!({"timeUnixNano": nanos().to_string(), "severityNumber": 17, "body": {"stringValue": body}});
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
            .to_string()
            .into_bytes()
    };
    let mut all = open("").await?;
    let mut some = open("level:error%20card").await?;
    // The isolate asks for open tails every two seconds.
    let warm = async {
        loop {
            post(&worker, "/v1/logs", record("warm")).send().await?;
            let row = tokio::time::timeout(Duration::from_millis(300), all.row());
            if let Ok(row) = row.await {
                return row;
            }
        }
    };
    let row = tokio::time::timeout(Duration::from_secs(10), warm).await??;
    ensure!(row["body"] == "warm" && row["line"].is_null(), "{row}");
    let begun = Instant::now();
    ensure!(
        post(&worker, "/v1/logs", record("card declined"))
            .send()
            .await?
            .status()
            == 200
    );
    ensure!(some.row().await?["body"] == "card declined");
    ensure!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    // What is too much is counted, and slows nobody down.
    let begun = Instant::now();
    ensure!(post(&worker, "/v1/logs", logs(3_000)).send().await?.status() == 200);
    let acknowledged = begun.elapsed();
    ensure!(acknowledged < Duration::from_secs(5), "{acknowledged:?}");
    let dropped = loop {
        let (event, data) = all.next().await?.context("the tail ended")?;
        if event == "counts" && data["dropped"] != 0 {
            break data;
        }
    };
    ensure!(dropped["dropped"].as_u64() >= Some(2_800), "{dropped}");

    // What streams do not take is not shown: it comes again.
    pipelines.treat(|_| Taking::Refuse(400));
    post(&worker, "/v1/logs", record("card refused")).send().await?;
    pipelines.treat(|_| Taking::Take);
    post(&worker, "/v1/logs", record("card taken")).send().await?;
    ensure!(some.row().await?["body"] == "card taken");

    // Places are bounded, and a reader that leaves makes room.
    let mut tails = Vec::new();
    let refused = loop {
        match open("").await {
            Ok(tail) => tails.push(tail),
            Err(error) => break format!("{error:#}"),
        }
    };
    ensure!(
        tails.len() == 62 && refused.contains("64 tails are open"),
        "{} {refused}",
        tails.len()
    );
    tails.clear();
    let deadline = Instant::now() + Duration::from_secs(30);
    while open("").await.is_err() {
        ensure!(Instant::now() < deadline, "no place after 30 s");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_made_once_and_errors_say_what_to_do() -> Result<()> {
    let lake = LakeAt::folder("/nonexistent");
    let pipelines = Pipelines::start(&lake).await?;
    let message = |error: Option<anyhow::Error>| error.map(|error| error.to_string()).unwrap_or_default();
    let unauthorized = message(create(&pipelines, "token-of-nobody").await.err());
    ensure!(unauthorized.contains("401"), "{unauthorized}");
    let made = create(&pipelines, Pipelines::TOKEN).await?;
    ensure!(
        create(&pipelines, Pipelines::TOKEN).await? == made,
        "they are the same the second time"
    );

    let data = TempDir::new()?;
    let folder = LakeAt::folder(data.path().join("lake"));
    let ingest = Ingest::start(data.path(), &["--keeper", "on"], &folder).await;
    let refused = format!("{:#}", ingest.err().context("it started")?);
    ensure!(refused.contains("LAKEFRONT_CATALOG_URI"), "{refused}");
    Ok(())
}
