//! A request that is sent again because its answer was lost is stored once.

use std::{collections::BTreeMap, fs, time::Duration};

use futures::future::join_all;
use prost::Message;

use crate::{
    running::{JSON, PROTOBUF, Running, json_logs},
    support::{logs, now_nanos, rows},
};

fn body(id: &str) -> Vec<u8> {
    logs(&[id.to_owned()], now_nanos()).encode_to_vec()
}

impl Running {
    /// Sends logs with additional headers. Returns the status.
    async fn send(&self, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> u16 {
        let mut request = self.post(path, PROTOBUF);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_vec()).send().await.expect("an answer");
        response.status().as_u16()
    }
}

/// Returns the number of rows of each body in the lake.
async fn counts(data: &std::path::Path) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows(data, "otel_logs", "Body").await {
        *counts.entry(row.text).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn the_same_bytes_are_stored_once() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--keys", "one,other"]).await;
    let (one, other) = ("Bearer one", "Bearer other");
    let twice = body("twice");
    for _ in 0..2 {
        assert_eq!(
            server.send("/v1/logs", &[("authorization", one)], &twice).await,
            200
        );
    }
    let of_two_senders = body("of two senders");
    for key in [one, other] {
        assert_eq!(
            server
                .send("/v1/logs", &[("authorization", key)], &of_two_senders)
                .await,
            200
        );
    }
    let at_once = body("at once");
    let key = [("authorization", one)];
    let requests = (0..16).map(|_| server.send("/v1/logs", &key, &at_once));
    assert_eq!(join_all(requests).await, [200; 16]);
    // A request with another time is another request.
    for _ in 0..2 {
        assert_eq!(
            server
                .send("/v1/logs", &[("authorization", one)], &body("later"))
                .await,
            200
        );
    }
    // The answer is the same, even if some records were rejected.
    let rejected = logs(&["too old".to_owned()], 1).encode_to_vec();
    for _ in 0..2 {
        let request = server.post("/v1/logs", PROTOBUF).header("authorization", one);
        let answer = request.body(rejected.clone()).send().await.expect("an answer");
        assert!(
            !answer.bytes().await.expect("a body").is_empty(),
            "a partial success"
        );
    }
    // A refused request is not remembered, so that it is tried again.
    for _ in 0..2 {
        assert_eq!(
            server.send("/v1/logs", &[("authorization", one)], b"\xff").await,
            400
        );
    }
    let metrics = server
        .client
        .get(format!("{}/metrics", server.url))
        .send()
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(
        metrics.contains("lakefront_ingest_repeated_requests_total{signal=\"logs\"} 17"),
        "{metrics}"
    );
    server.stop().await;
    let expected = [("at once", 1), ("later", 2), ("of two senders", 2), ("twice", 1)];
    assert_eq!(
        counts(data.path()).await,
        expected.map(|(id, count)| (id.to_owned(), count)).into()
    );
}

#[tokio::test]
async fn a_batch_with_an_id_is_stored_once_however_the_id_comes() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &[]).await;
    let batch = body("batch");
    let id = [("idempotency-key", "0a_B-9")];
    assert_eq!(server.send("/v1/logs", &id, &batch).await, 200);
    assert_eq!(server.send("/v1/logs?batch=0a_B-9", &[], &batch).await, 200);
    assert_eq!(
        server.send("/v1/logs", &id, &body("other")).await,
        422,
        "an id names one body"
    );
    assert_eq!(
        server
            .send("/v1/logs", &[("idempotency-key", "a b")], &body("bad id"))
            .await,
        400
    );
    assert_eq!(server.send("/v1/logs?batch=", &[], &body("bad id")).await, 400);
    // Without times, equal bodies may be two requests. An equal id means that they are one.
    let timeless =
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"timeless"}}]}]}]}"#;
    let named = String::from_utf8_lossy(timeless).replace("timeless", "named");
    for (path, body) in [
        ("/v1/logs", &timeless[..]),
        ("/v1/logs?batch=b", named.as_bytes()),
    ] {
        for _ in 0..2 {
            let request = server.post(path, JSON).body(body.to_vec());
            assert_eq!(request.send().await.expect("an answer").status(), 200);
        }
    }
    server.stop().await;
    let expected = [("batch", 1), ("named", 1), ("timeless", 2)];
    assert_eq!(
        counts(data.path()).await,
        expected.map(|(id, count)| (id.to_owned(), count)).into()
    );
}

#[tokio::test]
async fn batches_are_forgotten_after_their_time_or_never_remembered() {
    for (time, expected) in [("0s", 2), ("50ms", 2), ("10m", 1)] {
        let data = tempfile::tempdir().expect("a folder");
        let server = Running::start(data.path(), &["--remember-batches", time]).await;
        let batch = json_logs("batch");
        for _ in 0..2 {
            let request = server.post("/v1/logs?batch=1", JSON).body(batch.clone());
            assert_eq!(request.send().await.expect("an answer").status(), 200);
            if time == "50ms" {
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        }
        server.stop().await;
        assert_eq!(counts(data.path()).await["batch"], expected, "{time}");
    }
}

/// The client disconnects while the request waits for the lake. The answer is lost, the records are not.
#[tokio::test]
async fn a_request_whose_client_went_away_is_not_stored_again() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Running::start(data.path(), &["--ack", "snapshot", "--commit-interval", "50ms"]).await;
    assert_eq!(server.send("/v1/logs", &[], &body("first")).await, 200);
    // A file in place of the folder of data files makes every write fail.
    let folder = data.path().join("lake/otel/otel_logs/data");
    let aside = data.path().join("aside");
    fs::rename(&folder, &aside).expect("moved");
    fs::write(&folder, "").expect("a file in its place");

    let lost = body("lost answer");
    let request = server
        .post("/v1/logs", PROTOBUF)
        .timeout(Duration::from_millis(300));
    let answer = request.body(lost.clone()).send().await;
    assert!(answer.expect_err("no answer").is_timeout());
    let unblock = async {
        fs::remove_file(&folder).expect("removed");
        fs::rename(&aside, &folder).expect("moved back");
    };
    let (status, ()) = tokio::join!(server.send("/v1/logs", &[], &lost), unblock);
    assert_eq!(status, 200);
    server.stop().await;
    let expected = [("first", 1), ("lost answer", 1)];
    assert_eq!(
        counts(data.path()).await,
        expected.map(|(id, count)| (id.to_owned(), count)).into()
    );
}
