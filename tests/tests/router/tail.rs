//! `GET /tail`: live rows, passed through from ingest.

use std::time::Duration;

use anyhow::{Result, ensure};
use lakefront_api::ProblemType;
use lakefront_tests::{Ingest, LakeAt, Tail, Worker};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::problem;

const KEY: &str = "0123456789abcdef";

async fn ingest(data: &TempDir) -> Result<Ingest> {
    let arguments = ["--router-key", KEY, "--commit-interval", "1h"];
    Ingest::start(data.path(), &arguments, &LakeAt::folder(data.path().join("lake"))).await
}

async fn worker(ingest: &str, more: &[(&str, &str)]) -> Result<Worker> {
    let variables = [("CHDB_URL", "http://127.0.0.1:9"), ("INGEST_URL", ingest)];
    Worker::start(&[&variables[..], more].concat()).await
}

/// Sends a log record through the router.
async fn send(worker: &Worker, body: &str) -> Result<()> {
    let now = jiff::Timestamp::now().as_nanosecond().to_string();
    let record = json!({"timeUnixNano": now, "body": {"stringValue": body}});
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let (status, answer) = worker.post("/v1/logs", &logs).await?;
    ensure!(status == 200, "{status}: {answer}");
    Ok(())
}

fn tail(worker: &Worker, query: &str) -> RequestBuilder {
    worker.request(Method::GET, &format!("/tail?{query}"))
}

/// Returns the status and the document of a refusal.
async fn refused(request: RequestBuilder) -> Result<(u16, Value)> {
    let answer = request.send().await?;
    ensure!(answer.headers()["content-type"] == "application/problem+json");
    Ok((
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await?)?,
    ))
}

/// Returns the number of open tails of ingest.
async fn open_tails(ingest: &Ingest) -> Result<u32> {
    let metrics = reqwest::get(format!("{}/metrics", ingest.url()))
        .await?
        .text()
        .await?;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("lakefront_ingest_open_tails "));
    Ok(line.unwrap_or_default().parse()?)
}

#[tokio::test]
async fn rows_of_ingest_are_passed_through_while_they_are_read() -> Result<()> {
    let data = TempDir::new()?;
    let ingest = ingest(&data).await?;
    let worker = worker(ingest.url(), &[("INGEST_KEY", KEY)]).await?;
    let request = tail(&worker, "signal=logs&q=card").send().await?;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        ensure!(request.headers()[name] == value, "{name}");
    }
    drop(request);
    let mut tail = Tail::open(tail(&worker, "signal=logs&q=card")).await?;
    send(&worker, "another").await?;
    let begun = Instant::now();
    send(&worker, "card declined").await?;
    ensure!(tail.row().await?["body"] == "card declined");
    ensure!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // A reader that leaves is not kept by the router.
    drop(tail);
    let deadline = Instant::now() + Duration::from_secs(15);
    while open_tails(&ingest).await? > 0 {
        ensure!(Instant::now() < deadline, "the tail is still open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test]
async fn only_viewers_read() -> Result<()> {
    let data = TempDir::new()?;
    let ingest = ingest(&data).await?;
    let token = "fedcba9876543210";
    let closed = worker(ingest.url(), &[("INGEST_KEY", KEY), ("VIEWER_TOKEN", token)]).await?;
    ensure!(refused(tail(&closed, "signal=logs")).await?.0 == 401);
    Tail::open(tail(&closed, "signal=logs").bearer_auth(token)).await?;
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let linked = link.into_iter().fold(
        tail(&closed, "signal=logs").bearer_auth(token),
        |request, (name, value)| request.header(name, value),
    );
    ensure!(
        refused(linked).await?.0 == 403,
        "a link of another site opens none"
    );

    let open = worker(ingest.url(), &[("INGEST_KEY", KEY)]).await?;
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let (status, problem) = refused(tail(&open, "signal=logs").header(name, value)).await?;
        ensure!(status == 403, "{name}: {problem}");
    }
    ensure!(refused(open.request(Method::POST, "/tail?signal=logs")).await?.0 == 405);
    Ok(())
}

#[tokio::test]
async fn a_tail_that_cannot_be_opened_has_a_problem() -> Result<()> {
    let data = TempDir::new()?;
    let ingest = ingest(&data).await?;
    let working = worker(ingest.url(), &[("INGEST_KEY", KEY)]).await?;
    for query in ["", "signal=metrics", "signal=logs&q=a+(b"] {
        let (status, value) = refused(tail(&working, query)).await?;
        ensure!(status == 400, "{query}: {value}");
    }
    let (_, value) = refused(tail(&working, "signal=logs&q=a+(b")).await?;
    ensure!(problem(&value)?.position == Some(2), "{value}");

    let without_key = worker(ingest.url(), &[]).await?;
    let away = worker("http://127.0.0.1:9", &[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let older = worker(&format!("http://{}", listener.local_addr()?), &[]).await?;
    tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    let none = Worker::start(&[("CHDB_URL", "http://127.0.0.1:9")]).await?;
    for (worker, kind, says) in [
        (
            &without_key,
            ProblemType::NoBackend,
            "LAKEFRONT_INGEST_ROUTER_KEY",
        ),
        (&older, ProblemType::NoBackend, "update it"),
        (&away, ProblemType::NoBackend, "it does not answer"),
        (&none, ProblemType::NotFound, "INGEST_URL"),
    ] {
        let (status, value) = refused(tail(worker, "signal=logs")).await?;
        let problem = problem(&value)?;
        ensure!(problem.kind == kind && status == kind.status(), "{value}");
        ensure!(problem.detail.contains(says), "{value}");
    }
    Ok(())
}
