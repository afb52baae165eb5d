//! Devices whose clocks are days ahead or behind: their records have the right times, also after a replay of the log.

use std::path::Path;

use arrow_array::{Array, StringArray, cast::AsArray, types::TimestampMicrosecondType};
use lakefront_lake::{Lake, LakeConfig};
use lakefront_tests::{LakeAt, data_files};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use prost::Message;
use reqwest::Client;

use crate::support::{Server, health, health_until, logs, now_nanos};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// Returns body, time in microseconds and the noted skew of each log record in the lake, by body.
async fn times(data: &Path) -> Vec<(String, i64, Option<i64>)> {
    let place = LakeAt::folder(data.join("lake")).place().expect("a place");
    let lake = Lake::open(LakeConfig::at(place)).await.expect("the lake opens");
    let mut rows = Vec::new();
    for (_, file) in data_files(&lake, "otel_logs").await.expect("its data files") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet");
        for batch in reader.build().expect("a reader") {
            let batch = batch.expect("a batch");
            let column = |name| batch.column_by_name(name).expect("the column");
            let bodies: &StringArray = column("Body").as_string();
            let micros = column("Timestamp").as_primitive::<TimestampMicrosecondType>();
            let attributes = column("ResourceAttributes").as_map();
            for row in 0..batch.num_rows() {
                let entries = attributes.value(row);
                let (keys, values): (&StringArray, &StringArray) =
                    (entries.column(0).as_string(), entries.column(1).as_string());
                let skew = (0..keys.len()).find(|at| keys.value(*at) == "lakefront.clock_skew");
                let skew = skew.map(|at| values.value(at).parse().expect("a number"));
                rows.push((bodies.value(row).to_owned(), micros.value(row), skew));
            }
        }
    }
    rows.sort();
    rows
}

/// Sends a log record of a device whose clock is `days` ahead.
async fn send(url: &str, body: &str, days: i64, says_when: bool) {
    let time = now_nanos().saturating_add_signed(days * DAY_NANOS);
    let mut request = Client::new()
        .post(format!("{url}/v1/logs"))
        .header("content-type", "application/x-protobuf");
    if says_when {
        request = request.header("sent", time / 1_000_000);
    }
    let body = logs(&[body.to_owned()], time).encode_to_vec();
    let answer = request.body(body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn records_of_a_wrong_clock_have_the_right_times_also_after_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let began = i64::try_from(now_nanos() / 1000).expect("a time");
    // Nothing is committed before the kill.
    let server = Server::start(data.path(), &["--commit-interval", "1h"]);
    send(&server.url, "ahead", 3, true).await;
    send(&server.url, "behind", -3, true).await;
    send(&server.url, "right", 0, true).await;
    send(&server.url, "late without a time of sending", -3, false).await;
    // Without a time of sending it is too far ahead.
    send(&server.url, "lost", 3, false).await;
    assert_eq!(health(&server.url).await["shifted_records"], 2);
    let metrics = reqwest::get(format!("{}/metrics", server.url))
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(
        metrics.contains("lakefront_ingest_shifted_records_total 2"),
        "{metrics}"
    );
    let sent_by = i64::try_from(now_nanos() / 1000).expect("a time");
    server.kill();

    let server = Server::start(data.path(), &["--commit-interval", "50ms"]);
    health_until(&server.url, |health| health["wal"]["backlog_records"] == 0).await;
    let rows = times(data.path()).await;
    let bodies: Vec<_> = rows.iter().map(|(body, ..)| body.as_str()).collect();
    assert_eq!(
        bodies,
        ["ahead", "behind", "late without a time of sending", "right"]
    );
    let days = 3 * DAY_NANOS / 1000;
    for (body, time, skew) in &rows {
        let (offset, expected_skew) = match body.as_str() {
            "ahead" => (0, Some(days)),
            "behind" => (0, Some(-days)),
            "right" => (0, None),
            _ => (-days, None),
        };
        // The time of the request on its way is part of the difference.
        assert!(
            (began + offset - 1000..=sent_by + offset + 1000).contains(time),
            "{body}: {time}"
        );
        match (skew, expected_skew) {
            (Some(millis), Some(micros)) => assert!((millis * 1000 - micros).abs() < 60_000_000, "{body}"),
            (skew, expected) => assert_eq!(*skew, expected, "{body}"),
        }
    }
}
