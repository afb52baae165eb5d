//! Live tails: who gets which accepted records, when, and what a tail that cannot keep up is told.

use std::time::{Duration, Instant};

use lakefront_tests::{
    Tail,
    reqwest::{self, Client, RequestBuilder},
};
use prost::Message;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{Server, logs, metrics, now_nanos, post, post_logs, rows, spans};

/// Flags with which nothing is committed while a test runs.
const NO_COMMIT: [&str; 2] = ["--commit-interval", "1h"];

/// The most tails that are open at once.
const MOST_TAILS: usize = 64;

async fn open(url: &str, query: &str) -> Tail {
    Tail::open(request(url, query)).await.expect("a tail")
}

fn request(url: &str, query: &str) -> RequestBuilder {
    Client::new().get(format!("{url}/tail?{query}"))
}

async fn problem(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|id| format!("record {id}")).collect()
}

#[tokio::test]
async fn a_record_arrives_within_a_second_and_before_the_commit() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    post_logs(&server.url, &ids(0..3)).await;
    let mut tail = open(&server.url, "signal=logs").await;
    let begun = Instant::now();
    post_logs(&server.url, &ids(3..5)).await;
    let first = tail.row().await.expect("a row");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(
        (&first["body"], &first["service"]),
        (&"record 3".into(), &"shop".into())
    );
    let second = tail.row().await.expect("a row");
    assert!(
        rows(data.path(), "otel_logs", "Body").await.is_empty(),
        "nothing is committed"
    );

    // A tail does not hold up the stop, and its rows have the places that they have in the lake.
    let begun = Instant::now();
    assert!(server.terminate().success());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    while tail.next().await.expect("no failure").is_some() {}
    let stored = rows(data.path(), "otel_logs", "Body").await;
    for row in [first, second] {
        let of_lake = stored.iter().find(|stored| row["body"] == stored.text.as_str());
        let (_, id) = row["line"]
            .as_str()
            .and_then(|line| line.split_once('_'))
            .expect("a place");
        assert_eq!(of_lake.expect("in the lake").row_id.to_string(), id);
    }
}

#[tokio::test]
async fn a_tail_gets_the_rows_that_fit_its_search() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    let mut words = open(&server.url, "signal=logs&q=7+service:shop").await;
    let mut negated = open(&server.url, "signal=logs&q=-record").await;
    let mut of_spans = open(&server.url, "signal=traces&q=duration:%3E%3D1ms").await;
    post_logs(&server.url, &ids(0..10)).await;
    post_logs(&server.url, &["other".into()]).await;
    let names = ["GET /".to_owned(), "GET /cart".to_owned()];
    post(
        &server.url,
        "/v1/traces",
        spans(&names, now_nanos()).encode_to_vec(),
    )
    .await;
    let points = metrics(&names, now_nanos()).encode_to_vec();
    post(&server.url, "/v1/metrics", points).await;
    assert_eq!(words.row().await.expect("a row")["body"], "record 7");
    assert_eq!(negated.row().await.expect("a row")["body"], "other");
    for name in names {
        let span = of_spans.row().await.expect("a row");
        assert_eq!((&span["name"], &span["duration_ms"]), (&name.into(), &1.0.into()));
    }
    for tail in [&mut words, &mut negated] {
        let (event, counts) = tail.next().await.expect("no failure").expect("an event");
        assert_eq!(event, "counts", "there was one row");
        assert_eq!(
            counts,
            serde_json::json!({"matched": 1, "dropped": 0, "unseen": 0})
        );
    }
}

#[tokio::test]
async fn a_slow_reader_loses_rows_is_told_and_slows_nobody() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    let acknowledged = async |url: &str| {
        let bodies: Vec<String> = (0..2_000).map(|id| format!("{id} {}", "ä".repeat(900))).collect();
        let begun = Instant::now();
        for _ in 0..10 {
            let body = logs(&bodies, now_nanos()).encode_to_vec();
            assert_eq!(post(url, "/v1/logs", body).await.status(), 200);
        }
        begun.elapsed()
    };
    let alone = acknowledged(&server.url).await;
    let mut slow = open(&server.url, "signal=logs").await;
    let mut other = open(&server.url, "signal=logs&q=nothing").await;
    let watched = acknowledged(&server.url).await;
    // The thread of tails takes a part of the processors, and no acknowledgement waits for it.
    assert!(
        watched < 3 * alone + Duration::from_secs(1),
        "{watched:?}, {alone:?} without a tail"
    );
    let (came, lost) = slow.until_counted(20_000).await.expect("counts");
    assert!(came > 0 && lost > came, "{came} came, {lost} were lost");
    assert_eq!(came + lost, 20_000);
    drop(slow);
    // The other reader's search is compared with the same rows.
    post_logs(&server.url, &["nothing".into()]).await;
    assert_eq!(other.row().await.expect("a row")["body"], "nothing");
}

#[tokio::test]
async fn tails_are_bounded() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    let mut tails = Vec::new();
    for at in 0..MOST_TAILS {
        tails.push(open(&server.url, &format!("signal=logs&q=x{at}")).await);
    }
    let (status, refused) = problem(request(&server.url, "signal=logs")).await;
    assert_eq!(status, 503);
    assert!(
        refused["detail"]
            .as_str()
            .expect("text")
            .starts_with("64 tails are open")
    );
    let open_tails = async || {
        let metrics = reqwest::get(format!("{}/metrics", server.url))
            .await
            .expect("an answer");
        let metrics = metrics.text().await.expect("text");
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("lakefront_ingest_open_tails "));
        line.expect("the gauge").parse::<usize>().expect("a number")
    };
    assert_eq!(open_tails().await, MOST_TAILS);
    // A reader that leaves makes room.
    tails.pop();
    let leaving = async {
        while open_tails().await == MOST_TAILS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(15), leaving).await.expect("room");
    open(&server.url, "signal=logs").await;
}

#[tokio::test]
async fn only_the_router_reads_where_it_has_a_key() {
    let data = TempDir::new().expect("a folder");
    let flags = ["--keys", "key-of-shop", "--router-key", "key-of-router"];
    let server = Server::start(data.path(), &flags);
    for key in [None, Some("key-of-shop"), Some("key-of-route"), Some("")] {
        let request = request(&server.url, "signal=logs");
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let (status, refused) = problem(request).await;
        assert_eq!(
            (status, &refused["title"]),
            (401, &"unauthorized".into()),
            "{key:?}"
        );
    }
    let own = request(&server.url, "signal=logs").bearer_auth("key-of-router");
    Tail::open(own).await.expect("a tail");
}

#[tokio::test]
async fn without_a_key_only_this_machine_reads() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
    ] {
        let foreign = request(&server.url, "signal=logs").header(name, value);
        let (status, refused) = problem(foreign).await;
        assert_eq!(
            (status, &refused["title"]),
            (403, &"request not allowed".into()),
            "{name}"
        );
    }
    let behind = TempDir::new().expect("a folder");
    let behind = Server::start(behind.path(), &["--trust-proxy"]);
    assert_eq!(problem(request(&behind.url, "signal=logs")).await.0, 403);
    // Pages of other origins send telemetry, but cannot ask for the tail.
    let preflight = Client::new()
        .request(
            reqwest::Method::OPTIONS,
            format!("{}/tail?signal=logs", server.url),
        )
        .header("origin", "http://evil.example")
        .header("access-control-request-method", "GET");
    let preflight = preflight.send().await.expect("an answer");
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_search_that_cannot_be_read_has_a_problem() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(data.path(), &NO_COMMIT);
    let long = format!("signal=logs&q={}", "x".repeat(5_000));
    let deep = format!("signal=logs&q={}a{}", "(".repeat(1_000), ")".repeat(1_000));
    let wide = format!("signal=logs&q={}", "a+OR+".repeat(500));
    for query in [
        "",
        "signal=metrics",
        "signal=logs&q=a+(b",
        "signal=logs&q=%ff%00",
        &long,
        &deep,
        &wide,
    ] {
        if query.ends_with("%00") {
            // Any bytes are a search.
            open(&server.url, query).await;
            continue;
        }
        let (status, refused) = problem(request(&server.url, query)).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(refused["position"].is_u64(), query.contains("q="), "{refused}");
    }
    let posted = Client::new().post(format!("{}/tail", server.url)).send().await;
    assert_eq!(posted.expect("an answer").status(), 405);
}

#[tokio::test]
async fn a_tail_outlives_the_time_in_which_idle_connections_end() {
    let data = TempDir::new().expect("a folder");
    let server = Server::start(
        data.path(),
        &["--head-timeout", "100ms", "--commit-interval", "1h"],
    );
    let mut tail = open(&server.url, "signal=logs").await;
    let begun = Instant::now();
    for id in 0.. {
        tokio::time::sleep(Duration::from_millis(150)).await;
        post_logs(&server.url, &ids(id..id + 1)).await;
        assert_eq!(tail.row().await.expect("a row")["body"], format!("record {id}"));
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
}
