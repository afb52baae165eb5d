//! SIGTERM, acknowledgement by snapshot, and the messages of a start with wrong settings.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::support::{Server, logs, now_nanos, rows};
use prost::Message;

async fn send(server: &Server, id: &str) -> u16 {
    let request = reqwest::Client::new()
        .post(format!("{}/v1/logs", server.url))
        .header("content-type", "application/x-protobuf")
        .body(logs(&[id.to_owned()], now_nanos()).encode_to_vec());
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn sigterm_commits_what_was_acknowledged_and_ends_with_0() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--commit-interval", "1h"]);
    assert_eq!(send(&server, "log").await, 200);
    assert!(
        rows(data.path(), "otel_logs", "Body").await.is_empty(),
        "an hour has not passed"
    );
    assert!(server.terminate().success());
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 1);
}

#[tokio::test]
async fn with_ack_snapshot_an_answer_means_that_the_lake_has_it() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--ack", "snapshot", "--commit-interval", "50ms"]);
    for (number, id) in ["one", "two", "three"].iter().enumerate() {
        assert_eq!(send(&server, id).await, 200);
        assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), number + 1);
    }
    server.kill();
}

#[tokio::test]
async fn row_ids_of_two_logs_differ_and_grow() {
    let lake = tempfile::tempdir().expect("a folder");
    for log in ["a", "b"] {
        let server = Server::start(lake.path(), &[]);
        assert_eq!(send(&server, &format!("{log}1")).await, 200);
        assert_eq!(send(&server, &format!("{log}2")).await, 200);
        assert!(server.terminate().success());
        // A log in a new folder gets a new writer number.
        std::fs::remove_dir_all(lake.path().join("wal")).expect("removed");
    }
    let mut rows = rows(lake.path(), "otel_logs", "Body").await;
    rows.sort();
    let ids: Vec<(i64, i64)> = rows
        .iter()
        .map(|row| (row.row_id >> 48, row.row_id & ((1 << 48) - 1)))
        .collect();
    let [(a, a1), (same_a, a2), (b, b1), (same_b, b2)] = ids[..] else {
        panic!("four rows: {ids:?}")
    };
    assert!(a == same_a && b == same_b && a != b && a > 0 && b > 0, "{ids:?}");
    assert!(a1 < a2 && b1 < b2, "{ids:?}");
}

#[tokio::test]
async fn mistakes_are_named() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &[]);
    let other = tempfile::tempdir().expect("a folder");
    let address = server.url.strip_prefix("http://").expect("a URL");
    let path = |folder: &tempfile::TempDir| folder.path().to_str().expect("UTF-8").to_owned();
    for (flags, message) in [
        (
            vec![
                "--data",
                &path(&data),
                "--listen",
                "127.0.0.1:0",
                "--grpc-listen",
                "off",
            ],
            "LAKEFRONT_DATA",
        ),
        (
            vec!["--data", &path(&other), "--listen", address],
            "LAKEFRONT_INGEST_LISTEN",
        ),
        (
            vec![
                "--data",
                &path(&other),
                "--listen",
                "127.0.0.1:0",
                "--grpc-listen",
                address,
            ],
            "LAKEFRONT_INGEST_GRPC_LISTEN",
        ),
        (
            vec!["--data", &path(&other), "--grpc-listen", "4317"],
            "--grpc-listen",
        ),
        (vec!["--listen", "127.0.0.1:0"], "--data"),
        (
            vec!["--data", &path(&other), "--commit-interval", "soon"],
            "--commit-interval",
        ),
        (
            vec!["--data", &path(&other), "--max-body", "1GiB"],
            "LAKEFRONT_INGEST_MAX_IN_FLIGHT",
        ),
        (
            vec!["--data", &path(&other), "--allow-origin", "shop.example"],
            "LAKEFRONT_INGEST_ALLOW_ORIGIN",
        ),
        (
            vec!["--data", &path(&other), "--key-origins", "shop=shop.example"],
            "--key-origins",
        ),
        (
            vec![
                "--data",
                &path(&other),
                "--keys",
                "shop=a",
                "--key-budgets",
                "shop=much",
            ],
            "--key-budgets",
        ),
        (
            vec![
                "--data",
                &path(&other),
                "--keys",
                "shop=a",
                "--key-budgets",
                "shpo=1GiB",
            ],
            "LAKEFRONT_INGEST_KEY_BUDGETS",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
            .args(&flags)
            .output()
            .expect("it runs");
        assert!(!output.status.success(), "{flags:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(message), "{flags:?}: {error}");
    }
}

#[test]
fn a_folder_that_other_readers_do_not_find_is_reported_at_the_start() {
    let data = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
        .args(["--listen", "127.0.0.1:0", "--grpc-listen", "off", "--data"])
        .arg(data.path().join("lake #1"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("its first line");
    child.kill().expect("kill");
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        line.starts_with("listening on") && said.contains("without `#`"),
        "{line}{said}"
    );
}
