//! A lake with a column of another type: ingest starts and says what to do. The requests of that table wait in its log,
//! and all others go on.

use std::collections::BTreeSet;

use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::ColumnType;
use lakefront_tests::{TestLake, python};
use prost::Message;
use reqwest::StatusCode;

use crate::support::{Server, health, health_until, now_nanos, post, post_logs, rows_on, spans};

/// Returns a lake in which `PagePath` of the logs is a number.
async fn conflicting() -> TestLake {
    let lake = TestLake::start().await.expect("a lake");
    let mut tables = lakefront_otel::tables().to_vec();
    let logs = tables.iter_mut().find(|table| table.name == "otel_logs");
    let columns = logs.expect("logs").columns.iter_mut();
    for column in columns.filter(|column| column.name == "PagePath") {
        column.r#type = ColumnType::Long;
    }
    let config = LakeConfig {
        tables: Vec::leak(tables),
        ..LakeConfig::at(lake.at().place().expect("a place"))
    };
    drop(Lake::open(config).await.expect("a lake of another version"));
    lake
}

/// Does what the message of the conflict asks for.
async fn rename(lake: &TestLake) {
    let properties = lake.at().pyiceberg().to_string();
    let rename = [
        properties.as_str(),
        "rename-column",
        "PagePath",
        "PagePathOfAnother",
    ];
    python("rewrite.py", &rename)
        .await
        .expect("the column is renamed");
}

async fn post_spans(url: &str, name: &str) -> StatusCode {
    let body = spans(&[name.to_owned()], now_nanos()).encode_to_vec();
    post(url, "/v1/traces", body).await.status()
}

/// Returns the texts of a column. No row is there twice.
async fn texts(lake: &TestLake, table: &str, column: &str) -> BTreeSet<String> {
    let rows = rows_on(lake.at(), table, column).await;
    let texts: BTreeSet<String> = rows.iter().map(|row| row.text.clone()).collect();
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.row_id).collect();
    assert_eq!((rows.len(), rows.len()), (texts.len(), ids.len()), "{rows:?}");
    texts
}

fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_wait_in_the_log_until_the_column_is_renamed_and_other_tables_go_on() {
    let lake = conflicting().await;
    let flags = ["--commit-interval", "50ms"];
    let server = Server::start_on(lake.folder(), &flags, lake.at());
    let at_start = health(&server.url).await;
    let message = at_start["last_error"]["message"].as_str().expect("a failure");
    assert_eq!(at_start["last_error"]["table"], "otel_logs");
    assert!(
        message.contains("column `PagePath` of `otel_logs` is long") && message.contains("rename"),
        "{message}"
    );
    for id in ["1", "2"] {
        assert_eq!(post_logs(&server.url, &[id.to_owned()]).await.status(), 200);
        assert_eq!(post_spans(&server.url, &format!("span {id}")).await, 200);
    }
    let has_spans = |rows: u64| {
        move |health: &serde_json::Value| health["last_commit"]["otel_traces"]["rows"].as_u64() >= Some(rows)
    };
    let waiting = health_until(&server.url, has_spans(1)).await;
    assert_eq!(waiting["ready"], true, "{waiting}");
    assert_eq!(waiting["last_error"]["table"], "otel_logs", "{waiting}");
    assert_eq!(waiting["wal"]["backlog_records"], 4, "{waiting}");
    server.kill();

    // After a restart, the log is replayed, and the table is held again.
    let server = Server::start_on(lake.folder(), &flags, lake.at());
    assert_eq!(post_logs(&server.url, &["3".to_owned()]).await.status(), 200);
    assert_eq!(post_spans(&server.url, "span 3").await, 200);
    let waiting = health_until(&server.url, has_spans(1)).await;
    assert_eq!(waiting["last_commit"]["otel_logs"], serde_json::Value::Null);
    assert!(
        !server.terminate().success(),
        "the end says that rows are not in the lake"
    );
    assert_eq!(
        texts(&lake, "otel_traces", "SpanName").await,
        set(["span 1", "span 2", "span 3"])
    );

    // The next check succeeds, without a restart and without another request.
    let server = Server::start_on(lake.folder(), &flags, lake.at());
    assert_eq!(post_spans(&server.url, "span 4").await, 200);
    health_until(&server.url, has_spans(1)).await;
    rename(&lake).await;
    let done = health_until(&server.url, |health| health["wal"]["backlog_bytes"] == 0).await;
    assert_eq!(done["last_commit"]["otel_logs"]["rows"], 3, "{done}");
    assert_eq!(post_logs(&server.url, &["4".to_owned()]).await.status(), 200);
    assert!(server.terminate().success(), "all is in the lake");
    assert_eq!(texts(&lake, "otel_logs", "Body").await, set(["1", "2", "3", "4"]));
    assert_eq!(
        texts(&lake, "otel_traces", "SpanName").await,
        set(["span 1", "span 2", "span 3", "span 4"])
    );
    let state = Lake::open(LakeConfig::at(lake.at().place().expect("a place")));
    let state = state.await.expect("a lake").state("otel_logs").await;
    let schema = state.expect("a state").schema;
    assert!(schema.field_by_name("PagePathOfAnother").is_some());
    assert!(schema.field_by_name("PagePath").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_acknowledged_for_the_tables_that_have_it() {
    let lake = conflicting().await;
    let flags = [
        "--commit-interval",
        "50ms",
        "--ack",
        "snapshot",
        "--ack-timeout",
        "1s",
    ];
    let server = Server::start_on(lake.folder(), &flags, lake.at());
    assert_eq!(post_logs(&server.url, &["1".to_owned()]).await.status(), 503);
    assert_eq!(post_spans(&server.url, "span 1").await, 200);
    assert_eq!(post_logs(&server.url, &["2".to_owned()]).await.status(), 503);
    rename(&lake).await;
    health_until(&server.url, |health| health["wal"]["backlog_records"] == 0).await;
    assert_eq!(post_logs(&server.url, &["3".to_owned()]).await.status(), 200);
    assert_eq!(post_spans(&server.url, "span 2").await, 200);
    drop(server);
    assert_eq!(texts(&lake, "otel_logs", "Body").await, set(["1", "2", "3"]));
    assert_eq!(
        texts(&lake, "otel_traces", "SpanName").await,
        set(["span 1", "span 2"])
    );
}
