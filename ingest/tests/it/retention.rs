//! Retention by the server and by hand.

use std::process::{Command, Output};

use lakefront_tests::TestLake;
use prost::Message;
use serde_json::Value;

use crate::support::{Server, health_until, metrics, now_nanos, post, rows_on};

const DAY: u64 = 86_400_000_000_000;

/// Runs `retain` on the lake.
fn retain(lake: &TestLake, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
        .arg("retain")
        .args(arguments)
        .arg("--data")
        .arg(lake.folder())
        .envs(lake.at().environment())
        .output()
        .expect("the command runs")
}

/// Fills six days with a data point in each of two tables.
async fn fill(lake: &TestLake) {
    let server = Server::start_on(
        lake.folder(),
        &["--ack", "snapshot", "--commit-interval", "50ms"],
        lake.at(),
    );
    for days_ago in 0..6 {
        let body = metrics(&[days_ago.to_string()], now_nanos() - days_ago * DAY).encode_to_vec();
        assert_eq!(post(&server.url, "/v1/metrics", body).await.status(), 200);
    }
    assert!(server.terminate().success());
}

async fn count(lake: &TestLake, table: &str) -> usize {
    rows_on(lake.at(), table, "MetricName").await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_days_are_dropped_by_hand_and_by_the_server() {
    let lake = TestLake::start().await.expect("a lake");
    fill(&lake).await;

    let dry = retain(&lake, &["--keep-days", "metrics_gauge=3", "--dry-run"]);
    let printed = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(dry.status.success(), "{dry:?}");
    assert_eq!(
        printed.matches("would drop 1 files, 1 rows").count(),
        2,
        "{printed}"
    );
    assert_eq!(count(&lake, "otel_metrics_gauge").await, 6);

    let done = retain(&lake, &["--keep-days", "metrics_gauge=3"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(count(&lake, "otel_metrics_gauge").await, 4);
    assert_eq!(count(&lake, "otel_metrics_sum").await, 6, "it keeps all");

    let server = Server::start_on(lake.folder(), &["--keep-days", "otel_metrics_sum=2"], lake.at());
    let health = health_until(&server.url, |health| health["retention"]["last_run"].is_string()).await;
    let retention = &health["retention"];
    assert_eq!(retention["last_error"], Value::Null);
    assert_eq!(retention["keep_days"]["otel_metrics_sum"], 2);
    assert_eq!(
        retention["last_drop"]["otel_metrics_sum"]["rows"], 3,
        "{retention}"
    );
    assert!(retention["next_run"].is_string(), "{retention}");
    assert!(server.terminate().success());
    assert_eq!(count(&lake, "otel_metrics_sum").await, 3);
}

#[tokio::test]
async fn fewer_days_than_a_view_reads_are_refused() {
    let lake = TestLake::start().await.expect("a lake");
    let refused = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
        .args(["--listen", "127.0.0.1:0", "--grpc-listen", "off", "--data"])
        .arg(lake.folder())
        .envs(lake.at().environment())
        .env("LAKEFRONT_INGEST_KEEP_DAYS", "otel_logs=30")
        .output()
        .expect("the command runs");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        message.contains("LAKEFRONT_INGEST_KEEP_DAYS") && message.contains("view mv_"),
        "{message}"
    );
    let all = retain(&lake, &[]);
    assert!(
        String::from_utf8_lossy(&all.stderr).contains("--keep-days"),
        "{all:?}"
    );
}
