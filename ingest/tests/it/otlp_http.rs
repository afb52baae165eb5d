//! The requirements of the OTLP/HTTP specification, case by case.

use std::{io::Write, path::Path, time::Duration};

use crate::{
    running::{JSON, PROTOBUF, Running, gzip, json_logs},
    support::{Server, health, logs, metrics, now_nanos, records, rows, spans, string},
};
use lakefront_otlp::Status;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceResponse,
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    logs::v1::LogRecord,
};
use prost::Message;
use reqwest::{Client, Response};
use serde_json::json;

type Compress = fn(&[u8]) -> Vec<u8>;

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("compressed")
}

fn content_type(response: &Response) -> String {
    response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned()
}

/// Returns the `google.rpc.Status` of an error, from protobuf or JSON.
async fn status(response: Response) -> Status {
    let content_type = content_type(&response);
    let body = response.bytes().await.expect("a body");
    if content_type == PROTOBUF {
        return Status::decode(body).expect("a Status");
    }
    let value: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    Status {
        code: value["code"].as_i64().expect("a code") as i32,
        message: value["message"].as_str().expect("a message").to_owned(),
    }
}

#[tokio::test]
async fn every_signal_format_and_compression_is_taken_and_committed() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let compressions: [(&str, Compress); 4] = [
        ("identity", <[u8]>::to_vec),
        ("gzip", gzip),
        ("zstd", zstd),
        ("GZIP", gzip),
    ];
    let id = |format: &str, compression: &str| format!("{format} {compression}");
    for (encoding, compress) in compressions {
        let ids = [id("protobuf", encoding)];
        for (path, body) in [
            ("/v1/logs", logs(&ids, now_nanos()).encode_to_vec()),
            ("/v1/traces", spans(&ids, now_nanos()).encode_to_vec()),
            ("/v1/metrics", metrics(&ids, now_nanos()).encode_to_vec()),
        ] {
            let request = server.post(path, PROTOBUF).header("content-encoding", encoding);
            let response = request.body(compress(&body)).send().await.expect("an answer");
            assert_eq!(response.status(), 200, "{path} {encoding}");
            assert_eq!(content_type(&response), PROTOBUF);
            assert!(
                response.bytes().await.expect("a body").is_empty(),
                "a full success is an empty message"
            );
        }
        let request = server
            .post("/v1/logs", "application/json; charset=utf-8")
            .header("content-encoding", encoding);
        let response = request
            .body(compress(&json_logs(&id("json", encoding))))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "JSON {encoding}");
        assert_eq!(content_type(&response), JSON);
        assert_eq!(response.text().await.expect("a body"), "{}");
    }
    server.stop().await;
    for (table, column, count) in [
        ("otel_logs", "Body", 8),
        ("otel_traces", "SpanName", 4),
        ("otel_metrics_gauge", "MetricName", 4),
        ("otel_metrics_sum", "MetricName", 4),
    ] {
        let mut texts: Vec<_> = rows(data.path(), table, column)
            .await
            .into_iter()
            .map(|row| row.text)
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), count, "{table}: {texts:?}");
    }
}

#[tokio::test]
async fn errors_are_a_status_in_the_format_of_the_request() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--max-body", "4KiB", "--max-in-flight", "64KiB"]).await;
    let good = || logs(&["good".to_owned()], now_nanos()).encode_to_vec();
    let large = || logs(&["x".repeat(8 << 10)], now_nanos()).encode_to_vec();
    // (name, content type, content encoding, body, HTTP status, google.rpc.Code, part of the message)
    type Case = (
        &'static str,
        &'static str,
        &'static str,
        Vec<u8>,
        u16,
        i32,
        &'static str,
    );
    let cases: Vec<Case> = vec![
        (
            "no protobuf",
            PROTOBUF,
            "identity",
            b"\xff\xff\xff".to_vec(),
            400,
            3,
            "not an OTLP protobuf message",
        ),
        (
            "no JSON",
            JSON,
            "identity",
            b"{\"resourceLogs\":".to_vec(),
            400,
            3,
            "JSON",
        ),
        (
            "a wrong type",
            JSON,
            "identity",
            b"{\"resourceLogs\": 3}".to_vec(),
            400,
            3,
            "resourceLogs",
        ),
        (
            "no gzip",
            PROTOBUF,
            "gzip",
            b"plain".to_vec(),
            400,
            3,
            "decompress",
        ),
        (
            "half a gzip",
            PROTOBUF,
            "gzip",
            gzip(&good())[..20].to_vec(),
            400,
            3,
            "decompress",
        ),
        ("no zstd", JSON, "zstd", b"plain".to_vec(), 400, 3, "decompress"),
        ("too large", PROTOBUF, "identity", large(), 413, 3, "--max-body"),
        (
            "too large in JSON",
            JSON,
            "identity",
            json_logs(&"x".repeat(8 << 10)),
            413,
            3,
            "--max-body",
        ),
        (
            "too large inside",
            PROTOBUF,
            "gzip",
            gzip(&large()),
            413,
            3,
            "--max-body",
        ),
        (
            "too large inside",
            PROTOBUF,
            "zstd",
            zstd(&large()),
            413,
            3,
            "--max-body",
        ),
        ("a text", "text/plain", "identity", good(), 415, 3, PROTOBUF),
        ("an encoding", PROTOBUF, "br", good(), 415, 3, "gzip"),
    ];
    for (what, content, encoding, body, http, code, message) in cases {
        let request = server
            .post("/v1/logs", content)
            .header("content-encoding", encoding);
        let response = request.body(body).send().await.expect("an answer");
        assert_eq!(response.status(), http, "{what}");
        let expected = if content == PROTOBUF { PROTOBUF } else { JSON };
        assert_eq!(content_type(&response), expected, "{what}");
        let status = status(response).await;
        assert_eq!(status.code, code, "{what}: {status:?}");
        assert!(status.message.contains(message), "{what}: {status:?}");
    }
    let response = server
        .client
        .get(format!("{}/v1/logs", server.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (response.status().as_u16(), status(response).await.code),
        (405, 12)
    );
    let response = server
        .post("/v1/profiles", PROTOBUF)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (response.status().as_u16(), status(response).await.code),
        (404, 5)
    );
    let response = server
        .post("/v1/logs", PROTOBUF)
        .body(good())
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200, "a good request after all of these");
    server.stop().await;
}

#[tokio::test]
async fn a_request_without_records_is_a_success() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    for (content, body) in [(PROTOBUF, ""), (JSON, "{}")] {
        let response = server
            .post("/v1/traces", content)
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn records_that_no_table_can_hold_are_counted_and_the_others_taken() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let now = now_nanos();
    let at = |name: &str, time_unix_nano| LogRecord {
        time_unix_nano,
        body: string(name),
        ..Default::default()
    };
    let nested = (0..20).fold(AnyValue::default(), |value, _| AnyValue {
        value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })),
    });
    let day = 24 * 60 * 60 * 1_000_000_000;
    let request = records(vec![
        at("now", now),
        at("no time", 0),
        at("seconds", now / 1_000_000_000),
        at("in two days", now + 2 * day),
        at("two days ago", now - 2 * day),
        at(&"x".repeat(2 << 20), now),
        LogRecord {
            attributes: vec![KeyValue {
                key: "nested".into(),
                value: Some(nested),
                ..Default::default()
            }],
            ..at("too deep", now)
        },
    ]);
    let response = server
        .post("/v1/logs", PROTOBUF)
        .body(request.encode_to_vec())
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let answer =
        ExportLogsServiceResponse::decode(response.bytes().await.expect("a body")).expect("an answer");
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_log_records, 4);
    for reason in [
        "2 with a time before",
        "1 with more than 1 MiB",
        "1 with a value nested",
    ] {
        assert!(
            partial.error_message.contains(reason),
            "{}",
            partial.error_message
        );
    }

    let span = |name: &str, id: &str| {
        json!({"name": name, "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id,
               "startTimeUnixNano": now.to_string(), "endTimeUnixNano": now.to_string()})
    };
    let spans = [
        span("no id", "0000000000000000"),
        span("good", "eee19b7ec3c1b174"),
    ];
    let json = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
    let response = server
        .post("/v1/traces", JSON)
        .body(json)
        .send()
        .await
        .expect("an answer");
    let answer: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1", "{answer}");

    let metrics_text = server
        .client
        .get(format!("{}/metrics", server.url))
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    let counted = "lakefront_ingest_rejected_records_total{signal=\"logs\",reason=\"time\"} 2";
    assert!(metrics_text.contains(counted), "{metrics_text}");
    server.stop().await;

    let rows = rows(data.path(), "otel_logs", "Body").await;
    let mut texts: Vec<_> = rows.iter().map(|row| row.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["no time", "now", "two days ago"]);
    let folder = |text: &str| {
        let row = rows.iter().find(|row| row.text == text).expect("the row");
        Path::new(&row.file).parent().expect("a folder").to_owned()
    };
    assert_eq!(
        folder("now"),
        folder("no time"),
        "a record without a time has that of its arrival"
    );
    assert_ne!(
        folder("now"),
        folder("two days ago"),
        "a late record is in the partition of its own day"
    );
}

#[tokio::test]
async fn a_request_of_thousands_of_days_is_bounded_and_delays_nobody() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--ack", "snapshot", "--commit-interval", "50ms"]).await;
    let now = now_nanos();
    let day = 24 * 60 * 60 * 1_000_000_000;
    let at = |name: &str, time_unix_nano| LogRecord {
        time_unix_nano,
        body: string(name),
        ..Default::default()
    };
    // Two records on each of 9,000 days, the newest first.
    let many = (0..18_000)
        .map(|index| at("old", now - index / 2 * day))
        .collect();
    let response = server
        .post("/v1/logs", PROTOBUF)
        .body(records(many).encode_to_vec())
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let answer =
        ExportLogsServiceResponse::decode(response.bytes().await.expect("a body")).expect("an answer");
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_log_records, 2 * (9_000 - 400));
    let message = partial.error_message;
    assert!(
        message.contains("more than 400 different days") && message.contains("logRecords[800]"),
        "{message}"
    );
    let started = std::time::Instant::now();
    let later = server
        .post("/v1/logs", PROTOBUF)
        .body(records(vec![at("later", now)]).encode_to_vec());
    assert_eq!(later.send().await.expect("an answer").status(), 200);
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    server.stop().await;
    let rows = rows(data.path(), "otel_logs", "Body").await;
    assert_eq!(rows.len(), 801);
}

#[tokio::test]
async fn a_zip_bomb_costs_no_memory() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--max-body", "1MiB", "--max-in-flight", "8MiB"]);
    let before = server.peak_memory();
    // 1 GiB of zeros is about 1 MB as gzip and 33 kB as zstd.
    let zeros = vec![0; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut zstd = zstd::Encoder::new(Vec::new(), 19).expect("an encoder");
    for _ in 0..1024 {
        gzip.write_all(&zeros).expect("compressed");
        zstd.write_all(&zeros).expect("compressed");
    }
    let client = Client::new();
    for (encoding, bomb) in [("gzip", gzip.finish()), ("zstd", zstd.finish())] {
        let bomb = bomb.expect("compressed");
        for _ in 0..4 {
            let request = client
                .post(format!("{}/v1/logs", server.url))
                .header("content-type", PROTOBUF);
            let response = request
                .header("content-encoding", encoding)
                .body(bomb.clone())
                .send()
                .await
                .expect("an answer");
            assert_eq!(response.status(), 413, "{encoding}");
        }
    }
    let grown = server.peak_memory() - before;
    assert!(grown < 64 << 20, "{grown} bytes for bombs of 1 GiB");
}

#[tokio::test]
async fn keys_are_needed_when_there_are_any() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--keys", "first-key,second-key"]).await;
    let body = || logs(&["log".to_owned()], now_nanos()).encode_to_vec();
    for (authorization, expected) in [
        (None, 401),
        (Some("Bearer wrong"), 401),
        (Some("Bearer "), 401),
        (Some("first-key"), 401),
        (Some("Basic first-key"), 401),
        (Some("Bearer first-key"), 200),
        (Some("bearer second-key"), 200),
    ] {
        let mut request = server.post("/v1/logs", PROTOBUF).body(body());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), expected, "{authorization:?}");
        if expected == 401 {
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            assert_eq!(status(response).await.code, 16);
        }
    }
    let health = server
        .client
        .get(format!("{}/health", server.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(health.status(), 200, "health needs no key");
    server.stop().await;
}

#[tokio::test]
async fn the_events_of_the_router_are_taken_from_no_page_and_from_the_holder_of_its_key() {
    let body = |name: &str, attribute: &str| {
        let mut request = logs(&["log".to_owned()], now_nanos());
        let record = &mut request.resource_logs[0].scope_logs[0].log_records[0];
        record.event_name = name.to_owned();
        record.attributes.push(KeyValue {
            key: "event.name".into(),
            value: Some(AnyValue {
                value: Some(Value::StringValue(attribute.into())),
            }),
            ..KeyValue::default()
        });
        request.encode_to_vec()
    };
    let event = "lakefront.query";
    let send = async |server: &Running, body: Vec<u8>, headers: &[(&str, &str)]| {
        let request = server.post("/v1/logs", PROTOBUF).body(body);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("an answer").status().as_u16()
    };
    let origin = ("origin", "https://shop.example");

    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    assert_eq!(send(&server, body(event, ""), &[]).await, 200);
    assert_eq!(send(&server, body(event, ""), &[origin]).await, 403);
    assert_eq!(send(&server, body("", event), &[origin]).await, 403);
    assert_eq!(send(&server, body("shop.order", ""), &[origin]).await, 200);
    server.stop().await;

    let data = tempfile::tempdir().expect("a folder");
    let flags = ["--keys", "page-key", "--router-key", "router-key"];
    let server = Running::start(data.path(), &flags).await;
    let (page, router) = (
        ("authorization", "Bearer page-key"),
        ("authorization", "Bearer router-key"),
    );
    assert_eq!(send(&server, body(event, ""), &[page]).await, 403);
    assert_eq!(send(&server, body(event, ""), &[]).await, 401);
    assert_eq!(send(&server, body(event, ""), &[router]).await, 200);
    assert_eq!(send(&server, body("shop.order", ""), &[page]).await, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_sender_does_not_wait_for_a_snapshot_for_ever() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--ack",
        "snapshot",
        "--ack-timeout",
        "200ms",
        "--commit-interval",
        "1h",
    ];
    let server = Running::start(data.path(), &flags).await;
    let body = logs(&["log".to_owned()], now_nanos()).encode_to_vec();
    let response = server
        .post("/v1/logs", PROTOBUF)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 503);
    let message = status(response).await.message;
    assert!(message.contains("the request is kept"), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn the_state_of_the_process_is_for_no_page_of_another_origin() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [
        "--keys",
        "a-key-of-the-tests",
        "--allowed-hosts",
        "ingest.internal",
    ];
    let server = Running::start(data.path(), &flags).await;
    for path in ["/health", "/metrics"] {
        let get = || server.client.get(format!("{}{path}", server.url));
        for (name, value, expected) in [
            ("host", "evil.example:4318", 403),
            ("host", "10.0.0.5:4318", 403),
            ("origin", "http://evil.example", 403),
            ("sec-fetch-site", "cross-site", 403),
            ("host", "localhost:4318", 200),
            ("host", "ingest.internal:4318", 200),
        ] {
            let response = get().header(name, value).send().await.expect("an answer");
            assert_eq!(response.status(), expected, "{path} {name}: {value}");
        }
        let foreign = get().header("host", "evil.example");
        let with_key = foreign.bearer_auth("a-key-of-the-tests").send().await;
        assert_eq!(with_key.expect("an answer").status(), 200, "{path}");
    }
    // Telemetry is accepted under any host name.
    let response = server
        .post("/v1/logs", "application/json")
        .header("host", "evil.example")
        .header("origin", "http://shop.example")
        .bearer_auth("a-key-of-the-tests")
        .body("{}")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn health_tells_the_last_refusal() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Running::start(folder.path(), &["--max-body", "1KiB"]).await;
    let last = async || health(&server.url).await["last_refusal"].clone();
    assert_eq!(last().await, json!(null));
    server
        .client
        .get(format!("{}/favicon.ico", server.url))
        .send()
        .await
        .expect("it answers");
    assert_eq!(last().await, json!(null), "nobody sent anything");

    let sent = [
        ("/v1/logs", JSON, "{".to_owned(), 400, "payload"),
        ("/v1/traces", "text/plain", String::new(), 415, "media_type"),
        ("/v1/logs", JSON, " ".repeat(2_000), 413, "too_large"),
        ("/v1/log", JSON, "{}".to_owned(), 404, "not_found"),
    ];
    for (path, content_type, body, status, reason) in sent {
        server
            .post(path, content_type)
            .body(body)
            .send()
            .await
            .expect("it answers");
        let last = last().await;
        assert_eq!(
            (&last["path"], &last["status"], &last["reason"]),
            (&json!(path), &json!(status), &json!(reason))
        );
        assert!(
            last["message"].as_str().is_some_and(|message| message.len() > 10),
            "{last}"
        );
    }
    server
        .post("/v1/logs", JSON)
        .body("{}")
        .send()
        .await
        .expect("it answers");
    assert_eq!(last().await["reason"], "not_found", "a success changes nothing");
    server.stop().await;
}

#[tokio::test]
async fn browsers_of_allowed_origins_may_send() {
    let data = tempfile::tempdir().expect("a folder");
    for (flags, origin, allowed) in [
        (
            &[][..],
            "https://anywhere.example",
            Some("https://anywhere.example"),
        ),
        (
            &["--allow-origin", "https://shop.example,https://blog.example"],
            "https://blog.example",
            Some("https://blog.example"),
        ),
        (
            &["--allow-origin", "https://shop.example"],
            "https://evil.example",
            None,
        ),
        // A preflight carries no key.
        (
            &["--keys", "key"],
            "https://anywhere.example",
            Some("https://anywhere.example"),
        ),
    ] {
        let server = Running::start(data.path(), flags).await;
        let preflight = server
            .client
            .request(reqwest::Method::OPTIONS, format!("{}/v1/logs", server.url))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,authorization")
            .send()
            .await
            .expect("an answer");
        assert_eq!(preflight.status(), 200);
        let header = |response: &Response, name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(
            header(&preflight, "access-control-allow-origin").as_deref(),
            allowed,
            "{flags:?}"
        );
        // `sendBeacon` sends credentials.
        assert_eq!(
            header(&preflight, "access-control-allow-credentials").as_deref(),
            Some("true")
        );
        assert_eq!(
            header(&preflight, "access-control-allow-methods").as_deref(),
            Some("POST")
        );
        assert_eq!(
            header(&preflight, "access-control-allow-headers").as_deref(),
            Some("content-type,authorization")
        );
        let request = server
            .post("/v1/logs", JSON)
            .header("origin", origin)
            .header("authorization", "Bearer key");
        let response = request
            .body(json_logs("from a browser"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(
            header(&response, "access-control-allow-origin").as_deref(),
            allowed
        );
        server.stop().await;
    }
}
