//! Compaction by the server and by hand, as seen in `/health`, by the commands, and in the lake.

use std::{path::Path, process::Command};

use crate::support::{Row, Server, health, health_until, post_logs, rows};
use serde_json::Value;

const COMMITS: usize = 50;

/// Sends log records, each in a commit of its own.
async fn send(server: &Server) {
    for number in 0..COMMITS {
        let answer = post_logs(&server.url, &[number.to_string()]).await;
        assert_eq!(answer.status(), 200);
    }
}

/// Runs a command of the program on the lake, and returns what it prints.
fn run(data: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Returns the status of the table of logs.
fn status(data: &Path) -> Value {
    let tables: Vec<Value> = serde_json::from_str(&run(data, &["status", "--json"])).expect("JSON");
    let logs = tables.into_iter().find(|table| table["table"] == "otel_logs");
    logs.expect("the table")
}

fn texts(rows: &[Row]) -> Vec<&str> {
    let mut texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    texts.sort_unstable();
    texts
}

const ONE_A_COMMIT: [&str; 4] = ["--ack", "snapshot", "--commit-interval", "50ms"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_compacts_by_itself() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &ONE_A_COMMIT);
    send(&server).await;
    let is_compacted = |health: &Value| health["compaction"]["rewrites"].as_u64() > Some(0);
    let seen = &health_until(&server.url, is_compacted).await["compaction"];
    assert_eq!(seen["enabled"], true);
    assert_eq!(seen["last_run"]["table"], "otel_logs");
    assert_eq!(seen["last_error"], Value::Null);
    let metrics = reqwest::get(format!("{}/metrics", server.url))
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(
        metrics.contains("lakefront_ingest_compactions_total{table=\"otel_logs\"}"),
        "{metrics}"
    );
    assert!(server.terminate().success());
    let rows = rows(data.path(), "otel_logs", "Body").await;
    let expected: Vec<String> = (0..COMMITS).map(|number| number.to_string()).collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(texts(&rows), expected);
    assert!(status(data.path())["files"].as_u64() < Some(COMMITS as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lake_is_compacted_by_hand() {
    let data = tempfile::tempdir().expect("a folder");
    let flags = [&ONE_A_COMMIT[..], &["--compaction", "off"]].concat();
    let server = Server::start(data.path(), &flags);
    send(&server).await;
    assert_eq!(health(&server.url).await["compaction"]["enabled"], false);
    assert!(server.terminate().success());
    let before = rows(data.path(), "otel_logs", "Body").await;
    let fresh = status(data.path());
    assert_eq!(fresh["files"], COMMITS);
    assert_eq!(fresh["rows"], COMMITS);
    assert!(fresh["files_to_rewrite"].as_u64() > Some(0), "{fresh}");

    let dry = run(data.path(), &["compact", "--dry-run", "--table", "logs"]);
    assert!(
        dry.contains("otel_logs") && dry.contains("would rewrite"),
        "{dry}"
    );
    assert_eq!(status(data.path())["files"], COMMITS, "a dry run changes nothing");
    let other_day = run(
        data.path(),
        &["compact", "--table", "logs", "--day", "2001-01-01"],
    );
    assert!(other_day.contains("nothing to do"), "{other_day}");

    let done = run(data.path(), &["compact"]);
    assert!(done.contains("otel_logs") && done.contains("are now 1"), "{done}");
    let compacted = status(data.path());
    assert!(compacted["files"].as_u64() < Some(COMMITS as u64), "{compacted}");
    assert_eq!(compacted["files_to_rewrite"], 0);
    assert!(compacted["last_compaction"].is_string(), "{compacted}");
    let after = rows(data.path(), "otel_logs", "Body").await;
    assert_eq!(texts(&after), texts(&before));
    assert!(run(data.path(), &["status"]).contains("small files"));
}
