//! Watching: the Worker's scheduled handler on workerd, with stand-ins for the parts that it checks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lakefront_landing::landing_tables;
use lakefront_tests::{Worker, free_address};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::bundle;

const ADDITIONS: bundle::Additions<'_> = bundle::Additions {
    script: include_str!("watch/cron.js"),
    // The storage is in memory, and evicted with its object: Cloudflare keeps it.
    namespaces: r#"(className = "Watch", uniqueKey = "watch", enableSql = true, preventEviction = true),"#,
    bindings: r#"(name = "WATCH_RECORD", durableObjectNamespace = "Watch"),
        (name = "WATCH", fromEnvironment = "WATCH"),
        (name = "WATCH_WEBHOOK", fromEnvironment = "WATCH_WEBHOOK"),"#,
};

/// A Worker that watches, and what it calls.
struct Watched {
    worker: Worker,
    parts: Shared,
    server: JoinHandle<()>,
    _bundle: TempDir,
}

/// The state of the parts, and what they were sent.
#[derive(Default)]
struct Parts {
    chdb_answers: bool,
    /// The statuses of the webhook's next answers. After them it answers with 204.
    webhook: VecDeque<u16>,
    called: Vec<Value>,
    /// Bodies that ingest or a stream was sent.
    sent: Vec<(String, Value)>,
}

type Shared = Arc<Mutex<Parts>>;

fn lock(parts: &Shared) -> MutexGuard<'_, Parts> {
    parts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    async fn start(lands_by_pipelines: bool, webhook: bool) -> Result<Self> {
        let parts = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let routes = Router::new()
            .route("/chdb/health", get(chdb_health))
            .route("/ingest/health", get(ingest_health))
            .route("/ingest/v1/{path}", post(take))
            .route("/streams/{path}", post(take))
            .route("/hook/{secret}", post(hook))
            .with_state(Arc::clone(&parts));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        });
        let streams: BTreeMap<_, _> = landing_tables()
            .iter()
            .map(|table| (table.of, format!("{url}/streams/{}", table.of)))
            .collect();
        let (chdb, ingest) = (format!("{url}/chdb"), format!("{url}/ingest"));
        let (streams, hook) = (json!(streams).to_string(), format!("{url}/hook/its-secret"));
        let mut variables = vec![
            ("CHDB_URL", chdb.as_str()),
            ("WATCH", r#"{"engineDownSeconds": 0, "endedAfterSeconds": 0}"#),
        ];
        match lands_by_pipelines {
            true => variables.extend([("LANDING", "pipelines"), ("LANDING_STREAMS", &streams)]),
            false => variables.push(("INGEST_URL", &ingest)),
        }
        if webhook {
            variables.push(("WATCH_WEBHOOK", &hook));
        }
        let bundle = bundle::with(&ADDITIONS)?;
        Ok(Self {
            worker: Worker::start_in(bundle.path(), &variables).await?,
            parts,
            server,
            _bundle: bundle,
        })
    }

    /// Runs the scheduled handler. Returns the bodies that the webhook was sent meanwhile.
    async fn check(&self) -> Result<Vec<Value>> {
        let reply = self.worker.request(Method::GET, "/scheduled").send().await?;
        ensure!(
            reply.status() == StatusCode::OK,
            "{}\n{}",
            reply.text().await?,
            self.worker.output()
        );
        Ok(std::mem::take(&mut lock(&self.parts).called))
    }

    /// Returns what ingest or streams were sent meanwhile.
    fn sent(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut lock(&self.parts).sent)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn chdb_health(State(parts): State<Shared>) -> Response {
    if !lock(&parts).chdb_answers {
        return (StatusCode::BAD_GATEWAY, "nobody is there").into_response();
    }
    let engine = json!({"healthy": true, "version": "26.7", "latencyMs": 1.0, "running": 0, "waiting": 0});
    let lake = json!({"state": "empty", "asOf": null, "tables": []});
    axum::Json(json!({"engine": engine, "lake": lake})).into_response()
}

async fn ingest_health() -> axum::Json<Value> {
    let log =
        json!({"writer": 0, "backlog_bytes": 0, "backlog_records": 0, "disk_bytes": 0, "limit_bytes": 1000});
    axum::Json(json!({
        "ready": true, "refusing": null, "records_per_second": 0.0, "wal": log, "last_commit": {},
        "last_error": null, "last_refusal": null, "last_loss": null,
    }))
}

async fn take(State(parts): State<Shared>, Path(path): Path<String>, body: String) -> Response {
    let body = serde_json::from_str(&body).expect("JSON");
    lock(&parts).sent.push((path, body));
    ([(header::CONTENT_TYPE, "application/json")], "{}").into_response()
}

async fn hook(State(parts): State<Shared>, Path(secret): Path<String>, body: String) -> StatusCode {
    assert_eq!(secret, "its-secret");
    let mut parts = lock(&parts);
    parts.called.push(serde_json::from_str(&body).expect("JSON"));
    let status = parts.webhook.pop_front().unwrap_or(204);
    StatusCode::from_u16(status).expect("a status")
}

#[tokio::test]
async fn a_problem_is_told_once_and_so_is_its_end() -> Result<()> {
    let watched = Watched::start(false, true).await?;
    lock(&watched.parts).webhook.extend([500]);

    let refused = watched.check().await?;
    let retried = watched.check().await?;
    ensure!(
        refused.len() == 1 && refused == retried,
        "{refused:?} {retried:?}"
    );
    let notice = &refused[0]["notices"][0];
    ensure!(
        notice["problem"] == "engine-down" && notice["part"] == "chdb",
        "{notice}"
    );
    let text = refused[0]["text"].as_str().context("a text")?;
    ensure!(
        text.contains("engine-down: chdb: ") && text.contains("502"),
        "{text}"
    );
    ensure!(watched.check().await?.is_empty(), "it is told once");

    let sent = watched.sent();
    let record = &sent.first().context("an event")?.1["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    ensure!(record["eventName"] == "lakefront.watch", "{record}");
    ensure!(record["severityText"] == "WARN", "{record}");

    lock(&watched.parts).chdb_answers = true;
    let ended = watched.check().await?;
    ensure!(ended[0]["notices"][0]["state"] == "ended", "{ended:?}");
    ensure!(watched.check().await?.is_empty());
    ensure!(watched.sent().len() == 1);
    let output = watched.worker.output();
    ensure!(!output.contains("its-secret"), "{output}");
    Ok(())
}

#[tokio::test]
async fn without_ingest_the_event_lands_through_a_stream() -> Result<()> {
    let watched = Watched::start(true, false).await?;
    watched.check().await?;
    let sent = watched.sent();
    let rows = sent
        .iter()
        .find(|(stream, _)| stream == "otel_logs")
        .map(|(_, rows)| rows);
    let row = &rows.with_context(|| format!("no rows: {sent:?}\n{}", watched.worker.output()))?[0];
    ensure!(row.to_string().contains("lakefront.watch"), "{row}");
    watched.check().await?;
    ensure!(watched.sent().is_empty(), "it is told once");
    Ok(())
}

#[tokio::test]
async fn wrong_thresholds_are_named() -> Result<()> {
    let bundle = bundle::with(&ADDITIONS)?;
    let engine = format!("http://{}", free_address()?);
    let variables = [("CHDB_URL", engine.as_str()), ("WATCH", r#"{"lag": 3}"#)];
    let worker = Worker::start_in(bundle.path(), &variables).await?;
    let reply = worker
        .request(Method::GET, "/health")
        .send()
        .await?
        .text()
        .await?;
    ensure!(reply.contains("WATCH must be a JSON object"), "{reply}");
    Ok(())
}
