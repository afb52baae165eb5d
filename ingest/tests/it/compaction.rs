//! Compaction by the server and by hand, as seen in `/health`, by the commands, and in the lake.

use std::{path::Path, process::Command};

use crate::support::{Row, Server, health, health_until, post_logs, rows};
use serde_json::Value;

const COMMITS: usize = 50;
/// So many commits that there is advice, if nothing compacts them.
const MANY_COMMITS: usize = 90;

/// Sends log records, each in a commit of its own.
async fn send(server: &Server, records: usize) {
    for number in 0..records {
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
    logs(&serde_json::from_str(&run(data, &["status", "--json"])).expect("JSON"))
}

/// Returns the table of logs of a list of tables. `null` if the list is empty.
fn logs(tables: &Value) -> Value {
    let mut tables = tables.as_array().expect("a list").iter();
    let logs = tables.find(|table| table["table"] == "otel_logs");
    logs.cloned().unwrap_or_default()
}

/// Returns the size of all data files of a table on disk, in bytes.
fn bytes_on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let bytes = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        match path.extension() {
            _ if path.is_dir() => bytes_on_disk(&path),
            Some(extension) if extension == "parquet" => path.metadata().expect("a size").len(),
            _ => 0,
        }
    });
    bytes.sum()
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
    send(&server, COMMITS).await;
    let is_compacted = |health: &Value| health["compaction"]["rewrites"].as_u64() > Some(0);
    let seen = &health_until(&server.url, is_compacted).await["compaction"];
    assert_eq!(seen["enabled"], true);
    assert_eq!(seen["last_run"]["table"], "otel_logs");
    assert_eq!(seen["last_error"], Value::Null);
    let is_counted = |health: &Value| {
        let logs = logs(&health["tables"]);
        logs["rows"] == COMMITS && logs["last_compaction"].is_string() && logs["orphan_files"] == 0
    };
    let counted = logs(&health_until(&server.url, is_counted).await["tables"]);
    assert!(counted["files"].as_u64() < Some(COMMITS as u64), "{counted}");
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
    send(&server, MANY_COMMITS).await;
    assert_eq!(health(&server.url).await["compaction"]["enabled"], false);
    let is_counted = |health: &Value| logs(&health["tables"])["rows"] == MANY_COMMITS;
    let counted = logs(&health_until(&server.url, is_counted).await["tables"]);
    assert!(server.terminate().success());
    let before = rows(data.path(), "otel_logs", "Body").await;
    let fresh = status(data.path());
    assert_eq!(fresh["files"], MANY_COMMITS);
    assert_eq!(fresh["rows"], MANY_COMMITS);
    assert!(fresh["files_to_rewrite"].as_u64() > Some(0), "{fresh}");
    assert_eq!(fresh["files_by_size"]["below_1_mib"], MANY_COMMITS);
    assert_eq!(fresh["small_files"], MANY_COMMITS);
    assert_eq!(
        fresh["bytes"],
        bytes_on_disk(&data.path().join("lake/otel/otel_logs/data"))
    );
    assert!(fresh["snapshots"].as_u64() > Some(0), "{fresh}");
    let advice = fresh["advice"][0].as_str().expect("advice");
    assert!(advice.contains("90 files in place of at most 40"), "{advice}");
    assert!(run(data.path(), &["status"]).contains(advice));
    // The server counts as the command does.
    for name in [
        "rows",
        "bytes",
        "days",
        "files",
        "files_by_size",
        "manifests",
        "snapshots",
        "advice",
    ] {
        assert_eq!(counted[name], fresh[name], "{name}");
    }

    let dry = run(data.path(), &["compact", "--dry-run", "--table", "logs"]);
    assert!(
        dry.contains("otel_logs") && dry.contains("would rewrite"),
        "{dry}"
    );
    assert_eq!(
        status(data.path())["files"],
        MANY_COMMITS,
        "a dry run changes nothing"
    );
    let other_day = run(
        data.path(),
        &["compact", "--table", "logs", "--day", "2001-01-01"],
    );
    assert!(other_day.contains("nothing to do"), "{other_day}");

    let done = run(data.path(), &["compact"]);
    assert!(done.contains("otel_logs") && done.contains("are now 1"), "{done}");
    let compacted = status(data.path());
    assert!(
        compacted["files"].as_u64() < Some(MANY_COMMITS as u64),
        "{compacted}"
    );
    assert_eq!(compacted["files_to_rewrite"], 0);
    assert_eq!(compacted["advice"], serde_json::json!([]));
    assert!(compacted["last_compaction"].is_string(), "{compacted}");
    assert_eq!(compacted["orphan_files"], 0);
    let named = compacted["named_snapshots"].as_array().expect("a list");
    let before_it = named.iter().find(|state| {
        state["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("replaced-"))
    });
    assert_eq!(before_it.expect("the state before it")["rows"], MANY_COMMITS);
    let after = rows(data.path(), "otel_logs", "Body").await;
    assert_eq!(texts(&after), texts(&before));
    assert!(run(data.path(), &["status"]).contains("small files"));
}
