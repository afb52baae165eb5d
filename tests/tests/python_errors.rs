//! Python programs with the OpenTelemetry SDK: their errors appear in `top_errors` within fifteen seconds, from either
//! tier. Ingest commits at its default interval, and sync runs at that of `cargo xtask up`.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use lakefront_api::Reason;
use lakefront_tests::{ClickHouse, Stack, SyncProcess, Worker, python};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Ingest's default commit interval.
const COMMIT_INTERVAL: &str = "10s";
/// Sync's interval under `cargo xtask up`.
const SYNC_INTERVAL: &str = "2s";

#[tokio::test(flavor = "multi_thread")]
async fn chdb_tells_of_them() -> Result<()> {
    let stack = Stack::start_committing_every(COMMIT_INTERVAL).await?;
    let request = serde_json::from_value(question())?;
    appear(&stack, async || {
        Ok(stack.query(&request, Timestamp::now()).await?.rows)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_tells_of_them() -> Result<()> {
    let stack = Stack::start_committing_every(COMMIT_INTERVAL).await?;
    stack.demo(&["--days", "1"]).await?;
    let disk = tempfile::tempdir()?;
    let clickhouse = ClickHouse::embedded(disk.path(), Some(stack.lake())).await?;
    let _sync = SyncProcess::start_every(SYNC_INTERVAL, stack.lake(), &[&clickhouse]).await?;
    let servers = json!([{"name": "clickhouse", "url": clickhouse.url()}]).to_string();
    let worker = Worker::start(&[("CHDB_URL", stack.engine_url()), ("CLICKHOUSE", &servers)]).await?;
    let question = question();
    worker
        .query_until(&question, |reply| reply.reason == Reason::View)
        .await?;
    appear(&stack, async || {
        let reply = worker.query(&question).await?;
        assert_eq!(reply.reason, Reason::View);
        Ok(reply.rows)
    })
    .await
}

/// Runs two programs that report an error each, and waits until both are among the rows.
async fn appear(stack: &Stack, rows: impl AsyncFn() -> Result<Vec<Vec<Value>>>) -> Result<()> {
    let url = [stack.ingest_url()];
    tokio::try_join!(
        python("logger_exception.py", &url),
        python("record_exception.py", &url)
    )?;
    let reported = Instant::now();
    for error_type in ["ZeroDivisionError", "KeyError"] {
        let errors = loop {
            let rows = rows().await?;
            if let Some(row) = rows.into_iter().find(|row| row[1] == error_type) {
                break row[2].clone();
            }
            assert!(
                reported.elapsed() < Duration::from_secs(15),
                "{error_type} is not in top_errors after 15 s"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        assert_eq!(errors, json!(1), "errors of {error_type}");
    }
    Ok(())
}

fn question() -> Value {
    json!({"query": "top_errors", "timeRange": "1h", "params": {"limit": 100}})
}
