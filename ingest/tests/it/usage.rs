//! Ingest counts requests, records and bytes by key, service, signal and outcome, and writes the counts into the lake.

use std::path::Path;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value},
    resource::v1::Resource,
};
use prost::Message;
use serde_json::Value;

use crate::{
    running::{PROTOBUF, Running, gzip},
    support::{logs, now_nanos, rows},
};

/// Returns a request with so many log records of a service.
fn of_service(service: &str, records: usize) -> Vec<u8> {
    let mut request = logs(&vec!["log".to_owned(); records], now_nanos());
    request.resource_logs[0].resource = Some(Resource {
        attributes: vec![KeyValue {
            key: "service.name".into(),
            value: Some(AnyValue {
                value: Some(any_value::Value::StringValue(service.into())),
            }),
            ..KeyValue::default()
        }],
        ..Resource::default()
    });
    request.encode_to_vec()
}

/// Returns the counts in the lake.
async fn counts(data: &Path) -> Vec<Value> {
    let bodies = rows(data, "otel_logs", "Body").await.into_iter();
    let events = bodies.filter_map(|row| serde_json::from_str::<Value>(&row.text).ok());
    events.filter(|event| event["outcome"].is_string()).collect()
}

/// Returns the sums of requests, records and bytes of the counts that have those values.
fn sums(counts: &[Value], of: &[(&str, &str)]) -> [u64; 3] {
    let found = counts
        .iter()
        .filter(|count| of.iter().all(|(name, value)| count[name] == *value));
    ["requests", "records", "bytes"].map(|number| {
        found
            .clone()
            .map(|count| count[number].as_u64().expect("a number"))
            .sum()
    })
}

#[tokio::test]
async fn what_was_sent_is_in_the_lake() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--keys",
        "shop=page-key,other-key",
        "--router-key",
        "router-key",
        "--usage-interval",
        "1h",
    ];
    let server = Running::start(data.path(), &flags).await;
    let send = async |key: &str, content_type: &str, body: Vec<u8>| {
        let request = server.post("/v1/logs", content_type).body(gzip(&body));
        let request = request.header("content-encoding", "gzip");
        let request = request.header("authorization", format!("Bearer {key}"));
        request.send().await.expect("an answer").status().as_u16()
    };
    let (shop, blog) = (of_service("shop", 3), of_service("blog", 2));
    assert_eq!(send("page-key", PROTOBUF, shop.clone()).await, 200);
    assert_eq!(
        send("page-key", PROTOBUF, shop.clone()).await,
        200,
        "a repeated request"
    );
    assert_eq!(send("other-key", PROTOBUF, blog.clone()).await, 200);
    assert_eq!(
        send("router-key", PROTOBUF, of_service("lakefront-router", 1)).await,
        200
    );
    assert_eq!(send("page-key", "text/plain", shop.clone()).await, 415);
    assert_eq!(send("wrong", PROTOBUF, shop.clone()).await, 401);
    server.stop().await;

    let found = counts(data.path()).await;
    let of_shop = [
        ("service", "shop"),
        ("key", "shop"),
        ("signal", "logs"),
        ("outcome", "accepted"),
    ];
    assert_eq!(sums(&found, &of_shop), [1, 3, shop.len() as u64]);
    assert_eq!(sums(&found, &[("service", "blog")]), [1, 2, blog.len() as u64]);
    assert_eq!(sums(&found, &[("key", "router")])[1], 1);
    let refused = |reason| sums(&found, &[("outcome", "refused"), ("reason", reason)])[0];
    assert_eq!((refused("media_type"), refused("unauthenticated")), (1, 1));
    let other = found
        .iter()
        .find(|count| count["service"] == "blog")
        .expect("counts");
    assert!(
        other["key"].as_str().expect("a name").starts_with("key "),
        "no key is in the lake: {other}"
    );
    assert!(found.iter().all(|count| count["by"] == "ingest"));
}

#[tokio::test]
async fn what_tables_have_and_their_commits_are_counted_in_each_interval() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = ["--usage-interval", "200ms", "--commit-interval", "50ms"];
    let server = Running::start(data.path(), &flags).await;
    let body = of_service("shop", 3);
    let sent = server
        .post("/v1/logs", PROTOBUF)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status(), 200);
    // Each write is rows of the lake itself, so that the table goes on growing.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found = counts(data.path()).await;
        let of = |outcome| sums(&found, &[("outcome", outcome), ("signal", "otel_logs")]);
        let ([commits, ..], [samples, rows, bytes]) = (of("committed"), of("stored"));
        if commits >= 2 && samples >= 2 && rows > 3 && bytes > 1_000 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_key_has_its_origins_and_its_budget() {
    let data = tempfile::tempdir().expect("a folder");
    let body = of_service("shop", 3);
    let budget = format!("shop={}", body.len() * 2 - 1);
    let flags = [
        "--keys",
        "shop=page-key,server-key",
        "--key-origins",
        "shop=https://shop.example",
        "--key-budgets",
        &budget,
        "--usage-interval",
        "1h",
        "--remember-batches",
        "0s",
    ];
    let shop = [
        ("authorization", "Bearer page-key"),
        ("origin", "https://shop.example"),
    ];
    let send = async |server: &Running, headers: &[(&str, &str)]| {
        let request = server.post("/v1/logs", PROTOBUF).body(body.clone());
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.expect("an answer");
        let wait = answer.headers().get("retry-after").cloned();
        (
            answer.status().as_u16(),
            wait.map(|wait| wait.to_str().expect("text").parse::<u64>().expect("seconds")),
        )
    };
    let server = Running::start(data.path(), &flags).await;
    assert_eq!(
        send(&server, &[shop[0], ("origin", "https://other.example")])
            .await
            .0,
        403
    );
    assert_eq!(send(&server, &[shop[0]]).await.0, 403);
    assert_eq!(
        send(&server, &[("authorization", "Bearer server-key")]).await.0,
        200
    );
    assert_eq!(send(&server, &shop).await.0, 200);
    // The budget is not used up yet, and the request that uses it up is taken.
    assert_eq!(send(&server, &shop).await.0, 200);
    server.stop().await;
    let server = Running::start(data.path(), &flags).await;
    let (status, wait) = send(&server, &shop).await;
    assert_eq!(status, 429);
    assert!((1..=86_401).contains(&wait.expect("a time to wait")), "{wait:?}");
    assert_eq!(
        send(&server, &[("authorization", "Bearer server-key")]).await.0,
        200,
        "another key"
    );
    server.stop().await;
    let found = counts(data.path()).await;
    let refused = |reason| {
        sums(
            &found,
            &[("outcome", "refused"), ("key", "shop"), ("reason", reason)],
        )[0]
    };
    assert_eq!((refused("key_origin"), refused("budget")), (2, 1));
}

#[tokio::test]
async fn nothing_is_counted_without_an_interval() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--usage-interval", "0s"]).await;
    let sent = server
        .post("/v1/logs", PROTOBUF)
        .body(of_service("shop", 3))
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status(), 200);
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 3);
}
