//! One bad value in a request: the other records are in the lake, and the loss is counted and reported.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use serde_json::{Value, json};

use crate::{
    running::{JSON, PROTOBUF, Running},
    support::{health, logs, now_nanos, rows},
};

impl Running {
    async fn last_loss(&self) -> Value {
        health(&self.url).await["last_loss"].clone()
    }

    /// Sends JSON that must be accepted. Returns the partial success.
    async fn send_json(&self, path: &str, body: String) -> Value {
        let response = self
            .post(path, JSON)
            .body(body.clone())
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "{body}");
        response.json::<Value>().await.expect("JSON")["partialSuccess"].take()
    }
}

/// Returns a request with a log record of the given fields between two good ones.
fn between_good(fields: &str) -> String {
    let good = format!(
        r#"{{"timeUnixNano":"{}","body":{{"stringValue":"good"}}}}"#,
        now_nanos()
    );
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{good},{{{fields}}},{good}]}}]}}]}}"#)
}

#[tokio::test]
async fn one_bad_value_in_json_costs_no_other_record() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    assert_eq!(server.last_loss().await, json!(null));
    let kept = [
        (r#"{"stringValue":"a \ud83d b"}"#, "a \u{fffd} b"),
        (r#"{"stringValue":"\ude00"}"#, "\u{fffd}"),
        (r#"{"intValue":18446744073709552000}"#, "18446744073709552000"),
        (r#"{"intValue":1e+21}"#, "1000000000000000000000"),
        (r#"{"intValue":9223372036854775808}"#, "9223372036854776000"),
        (r#"{"intValue":1.5}"#, "1.5"),
        (r#"{"intValue":"many"}"#, "many"),
        (
            r#"{"arrayValue":{"values":[{"boolValue":"maybe"}]}}"#,
            r#"["maybe"]"#,
        ),
        (r#""no AnyValue""#, "no AnyValue"),
    ];
    for (value, _) in kept {
        let partial = server
            .send_json("/v1/logs", between_good(&format!(r#""body":{value}"#)))
            .await;
        assert_eq!(partial["rejectedLogRecords"], "0", "{value}");
        let message = partial["errorMessage"].as_str().expect("a message");
        assert!(message.starts_with("values "), "{value}: {message}");
    }
    let partial = server
        .send_json("/v1/logs", between_good(r#""timeUnixNano":"soon""#))
        .await;
    assert_eq!(partial["rejectedLogRecords"], "1");
    let message = partial["errorMessage"].as_str().expect("a message");
    assert!(
        message.starts_with(
            "1 with a value that cannot be read: resourceLogs[0].scopeLogs[0].logRecords[1].timeUnixNano"
        ),
        "{message}"
    );
    let loss = server.last_loss().await;
    assert_eq!(
        (
            &loss["path"],
            &loss["rejected_records"],
            &loss["changed_values"],
            &loss["message"]
        ),
        (&json!("/v1/logs"), &json!(1), &json!(0), &json!(message))
    );

    // OTLP requires that unknown fields are ignored. The answer reports a misspelled list nevertheless.
    let partial = server
        .send_json("/v1/logs", r#"{"resourceLog":[{}]}"#.into())
        .await;
    let message = partial["errorMessage"].as_str().expect("a message");
    assert!(
        message.contains("\"resourceLog\": an unknown field; this path takes resourceLogs"),
        "{message}"
    );
    assert_eq!(
        server
            .send_json("/v1/logs", r#"{"resourceLogs":[]}"#.into())
            .await,
        json!(null)
    );

    let metrics = server.get("/metrics").await;
    for counted in [
        "lakefront_ingest_changed_values_total{signal=\"logs\",reason=\"text\"} 2",
        "lakefront_ingest_changed_values_total{signal=\"logs\",reason=\"type\"} 7",
        "lakefront_ingest_changed_values_total{signal=\"logs\",reason=\"left_out\"} 1",
        "lakefront_ingest_rejected_records_total{signal=\"logs\",reason=\"unreadable\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted}: {metrics}");
    }
    server.stop().await;

    let mut texts: Vec<_> = rows(data.path(), "otel_logs", "Body")
        .await
        .into_iter()
        .map(|row| row.text)
        .collect();
    texts.sort_unstable();
    let mut expected: Vec<_> = kept.iter().map(|(_, text)| (*text).to_owned()).collect();
    expected.extend(vec!["good".to_owned(); 20]);
    expected.sort_unstable();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn one_bad_text_in_protobuf_costs_one_character() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let ids = ["one", "caf_", "three"].map(str::to_owned);
    let mut body = logs(&ids, now_nanos()).encode_to_vec();
    let at = body
        .windows(4)
        .position(|window| window == b"caf_")
        .expect("the text");
    body[at + 3] = 0xe9;
    let response = server
        .post("/v1/logs", PROTOBUF)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let answer =
        ExportLogsServiceResponse::decode(response.bytes().await.expect("a body")).expect("an answer");
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_log_records, 0);
    let place = "first resourceLogs[0].scopeLogs[0].logRecords[1].body.stringValue";
    assert!(
        partial.error_message.ends_with(place),
        "{}",
        partial.error_message
    );
    server.stop().await;
    let mut texts: Vec<_> = rows(data.path(), "otel_logs", "Body")
        .await
        .into_iter()
        .map(|row| row.text)
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, ["caf\u{fffd}", "one", "three"]);
}

#[tokio::test]
async fn rejected_records_are_named() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let now = now_nanos();
    let span = |id: &str, time: &str| json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "startTimeUnixNano": time});
    let (id, time) = ("eee19b7ec3c1b174", now.to_string());
    let spans = json!([
        span(id, &time),
        span("not hexadecimal!", &time),
        span(id, "1"),
        span(id, "2")
    ]);
    let partial = server.send_json(
        "/v1/traces",
        json!({"resourceSpans": [{}, {"scopeSpans": [{"spans": spans}]}]}).to_string(),
    );
    let partial = partial.await;
    assert_eq!(partial["rejectedSpans"], "3");
    let message = partial["errorMessage"].as_str().expect("a message");
    for named in [
        "ahead of the server's clock: resourceSpans[1].scopeSpans[0].spans[2], resourceSpans[1].scopeSpans[0].spans[3]",
        "all zero: resourceSpans[1].scopeSpans[0].spans[1]",
        "first resourceSpans[1].scopeSpans[0].spans[1].spanId",
    ] {
        assert!(message.contains(named), "{message}");
    }

    let point = |value: Value| json!({"timeUnixNano": time, "asInt": value});
    let points = json!([
        point(json!(1)),
        point(json!("x")),
        point(json!(9_223_372_036_854_775_808_u64))
    ]);
    let metrics = json!([{"name": "none"}, {"name": "a", "sum": {"dataPoints": points}}]);
    let partial = server.send_json(
        "/v1/metrics",
        json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).to_string(),
    );
    let partial = partial.await;
    assert_eq!(partial["rejectedDataPoints"], "2");
    let message = partial["errorMessage"].as_str().expect("a message");
    for named in [
        "or summary: resourceMetrics[0].scopeMetrics[0].metrics[0]",
        "cannot be read: resourceMetrics[0].scopeMetrics[0].metrics[1].sum.dataPoints[1].asInt: expected",
        "first resourceMetrics[0].scopeMetrics[0].metrics[1].sum.dataPoints[2].asInt",
    ] {
        assert!(message.contains(named), "{message}");
    }
    server.stop().await;
    assert_eq!(rows(data.path(), "otel_traces", "SpanName").await.len(), 1);
    assert_eq!(rows(data.path(), "otel_metrics_sum", "MetricName").await.len(), 2);
}
