//! A lake with a column of another type: ingest starts, keeps requests in its log, and says what to do.

use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::ColumnType;
use lakefront_tests::{TestLake, python};

use crate::support::{Server, health, health_until, post_logs};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_wait_in_the_log_until_the_column_is_renamed() {
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
    }
    let waiting = health(&server.url).await;
    assert_eq!(waiting["ready"], true, "{waiting}");
    assert_eq!(waiting["wal"]["backlog_records"], 2, "{waiting}");

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
    // The next attempt succeeds, without a restart.
    health_until(&server.url, |health| health["wal"]["backlog_records"] == 0).await;
    drop(server);
    let lake = Lake::open(LakeConfig::at(lake.at().place().expect("a place")));
    let state = lake
        .await
        .expect("a lake")
        .state("otel_logs")
        .await
        .expect("a state");
    let rows: u64 = state.files.iter().map(|file| file.file.record_count()).sum();
    assert_eq!(rows, 2);
    assert!(state.schema.field_by_name("PagePathOfAnother").is_some());
    assert!(state.schema.field_by_name("PagePath").is_some());
}
