//! Tests that the engine reads the lake as it is on disk at every query.

mod common;

use std::sync::atomic::{AtomicI64, Ordering};

use common::{Container, DAY, NOVEMBER, commit_logs, lake};
use lakefront_lake::{Lake, LakeConfig};
use tempfile::TempDir;

const COUNT: &str = "SELECT count() FROM otel.otel_logs";

#[tokio::test]
async fn a_lake_that_appears_later_is_found_without_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let container = Container::start(&folder.path().join("lake"), &[]);
    let (status, code, text) = container.refusal(COUNT, &[]).await;
    assert_eq!((status, code), (404, 60));
    assert!(text.contains("The lake has no tables yet"), "{text}");
    let health = container.health().await;
    assert_eq!(health["engine"]["healthy"], true);
    assert_eq!(health["lake"]["state"], "missing");
    assert!(health["lake"]["asOf"].is_null());

    let lake = lake(&folder.path().join("lake")).await;
    assert_eq!(
        container.text(COUNT).await,
        "0",
        "tables, but nothing was ever committed"
    );
    assert_eq!(container.health().await["lake"]["state"], "empty");

    commit_logs(&lake, NOVEMBER, 0, 10).await;
    assert_eq!(container.text(COUNT).await, "10");
    let health = container.health().await;
    assert_eq!(health["lake"]["state"], "ready");
    assert!(health["lake"]["asOf"].is_string());
}

#[tokio::test]
async fn every_commit_is_seen_by_the_next_query() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    let container = Container::start(folder.path(), &[]);
    for commit in 0..20 {
        commit_logs(&lake, NOVEMBER, commit * 3, 3).await;
        assert_eq!(container.text(COUNT).await, ((commit + 1) * 3).to_string());
    }
    let health = container.health().await;
    let tables = health["lake"]["tables"].as_array().expect("tables");
    assert_eq!(tables.len(), lakefront_otel::tables().len());
    let logs = tables
        .iter()
        .find(|table| table["name"] == "otel_logs")
        .expect("logs");
    assert_eq!(logs["rows"], 60);
    assert_eq!(logs["dataFiles"], 20);
    assert_eq!(logs["snapshots"], 20);
    let [oldest, newest] =
        ["oldestSnapshotTime", "snapshotTime"].map(|key| logs[key].as_str().expect("a time"));
    let [oldest, newest] = [oldest, newest].map(|time| time.parse::<jiff::Timestamp>().expect("a time"));
    assert!(oldest < newest);
    assert!(health["lake"]["pastStates"].is_null(), "no hour is over");
    assert!(logs["dataBytes"].as_u64().expect("bytes") > 20_000);
    assert!(logs["snapshotId"].is_string() && logs["snapshotTime"].is_string());
    assert!(logs["ageSeconds"].as_u64().expect("an age") < 60);
}

/// The clock of a lake, in milliseconds.
static CLOCK: AtomicI64 = AtomicI64::new(0);

#[tokio::test]
async fn the_hours_whose_state_is_kept_are_listed() {
    let folder = TempDir::new().expect("a folder");
    let config = LakeConfig {
        now_ms: || CLOCK.load(Ordering::Relaxed),
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.expect("a lake");
    for hour in 0..3 {
        CLOCK.store(1_774_000_800_000 + hour * 3_600_000, Ordering::Relaxed);
        commit_logs(&lake, NOVEMBER, hour.unsigned_abs(), 1).await;
    }
    let container = Container::start(folder.path(), &[]);
    let states = &container.health().await["lake"]["pastStates"];
    assert_eq!(
        *states,
        serde_json::json!(["2026-03-20T12:00:00Z", "2026-03-20T11:00:00Z"]),
        "newest first"
    );
}

#[tokio::test]
async fn every_column_of_every_table_can_be_read() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 1).await;
    let container = Container::start(folder.path(), &[]);
    for table in lakefront_otel::tables() {
        let described = container.text(&format!("DESCRIBE otel.{}", table.name)).await;
        let columns: Vec<_> = described
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        let expected: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(columns, expected, "{}", table.name);
        container
            .text(&format!("SELECT * FROM otel.{}", table.name))
            .await;
    }
}

#[tokio::test]
async fn a_query_for_one_day_opens_only_that_days_files() {
    const PRUNED: &str = "lakefront_chdb_engine_event_total{event=\"IcebergPartitionPrunedFiles\"}";
    const GROUPS: &str = "lakefront_chdb_engine_event_total{event=\"ParquetReadRowGroups\"}";
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    for day in 0..5 {
        commit_logs(&lake, NOVEMBER + day * DAY, day * 100, 100).await;
    }
    let container = Container::start(folder.path(), &[]);
    let before = (container.metric(PRUNED).await, container.metric(GROUPS).await);
    // The named queries use this form of range. For `Timestamp < {to}` the engine (26.7) also opens the next day's
    // files.
    let sql = "SELECT count(), min(Body) FROM otel.otel_logs \
               WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND";
    let day = [
        ("param_from", "2026-11-03 00:00:00"),
        ("param_to", "2026-11-04 00:00:00"),
    ];
    let answer = container
        .statement(sql, &day)
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert_eq!(answer, "100\trecord 200\n");
    let after = (container.metric(PRUNED).await, container.metric(GROUPS).await);
    assert_eq!(after.0 - before.0, 4, "files of the other days were left out");
    assert_eq!(after.1 - before.1, 1, "one row group of one file was read");
}

#[tokio::test]
async fn corrupt_metadata_fails_only_queries_of_that_table() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 10).await;
    let container = Container::start(folder.path(), &[]);
    assert_eq!(container.text(COUNT).await, "10");

    let metadata = folder.path().join("otel/otel_logs/metadata");
    let hint = std::fs::read_to_string(metadata.join("version-hint.text")).expect("a hint");
    let broken = "00099-00000000-0000-4000-8000-000000000000.metadata.json";
    std::fs::write(metadata.join(broken), "{\"format-version\":2,").expect("written");
    std::fs::write(metadata.join("version-hint.text"), broken).expect("written");
    container.refusal(COUNT, &[]).await;
    assert_eq!(container.text("SELECT count() FROM otel.otel_traces").await, "0");
    let health = container.health().await;
    assert_eq!(health["engine"]["healthy"], true);
    let tables = health["lake"]["tables"].as_array().expect("tables");
    let logs = tables
        .iter()
        .find(|table| table["name"] == "otel_logs")
        .expect("logs");
    assert!(
        logs["detail"].as_str().expect("a detail").contains(broken),
        "{logs}"
    );

    std::fs::write(metadata.join("version-hint.text"), hint).expect("written");
    assert_eq!(container.text(COUNT).await, "10");
}

#[tokio::test]
async fn a_lake_that_is_made_anew_replaces_the_old_one() {
    let folder = TempDir::new().expect("a folder");
    let first = lake(folder.path()).await;
    commit_logs(&first, NOVEMBER, 0, 10).await;
    let container = Container::start(folder.path(), &[]);
    assert_eq!(container.text(COUNT).await, "10");
    drop(first);
    std::fs::remove_dir_all(folder.path().join("otel")).expect("removed");
    for file in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
        // SQLite removes its journal when the catalog's last connection closes, which may happen at the same time.
        if let Err(error) = std::fs::remove_file(file.path()) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
    container.refusal(COUNT, &[]).await;
    let second = lake(folder.path()).await;
    commit_logs(&second, NOVEMBER, 0, 7).await;
    assert_eq!(container.text(COUNT).await, "7");
}

#[tokio::test]
async fn killed_at_any_moment_it_starts_again() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 10).await;
    for _ in 0..3 {
        let mut container = Container::start(folder.path(), &[]);
        assert_eq!(container.text(COUNT).await, "10");
        container.signal("-KILL");
    }
}

#[tokio::test]
async fn a_time_zone_of_the_session_changes_texts_and_no_rows() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    for day in 0..4 {
        let midnight = NOVEMBER + day * DAY;
        commit_logs(&lake, midnight - 50, day * 100, 100).await;
    }
    let container = Container::start(folder.path(), &[]);
    let ask = async |sql: &str, zone: &str| {
        let pairs = [("session_timezone", zone)];
        let response = container.statement(sql, &pairs).send().await.expect("an answer");
        response.text().await.expect("text")
    };
    let zones = [
        "Asia/Kathmandu",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "Europe/Berlin",
    ];
    for sql in [
        "SELECT count() FROM otel_logs WHERE Timestamp >= '2026-11-02 00:00:00'",
        "SELECT count() FROM otel_logs WHERE Timestamp < '2026-11-02 00:00:00'",
        "SELECT count() FROM otel_logs WHERE toDate(Timestamp) = '2026-11-03'",
        "SELECT count() FROM otel_logs WHERE Timestamp BETWEEN toDateTime64('2026-11-01 23:59:30', 6, 'UTC') AND \
         toDateTime64('2026-11-02 00:00:09', 6, 'UTC')",
        "SELECT toStartOfDay(Timestamp) AS day, count() FROM otel_logs GROUP BY day ORDER BY day",
    ] {
        let expected = ask(sql, "UTC").await;
        for zone in zones {
            assert_eq!(ask(sql, zone).await, expected, "{zone}: {sql}");
        }
    }
    let midnight = "SELECT count() FROM otel_logs WHERE Timestamp >= toDateTime('2026-11-02 01:00:00')";
    assert_eq!(ask(midnight, "Europe/Berlin").await, "250\n");
    assert_eq!(
        ask(midnight, "UTC").await,
        "200\n",
        "a text without a zone means the session's"
    );
    assert_eq!(ask("SELECT timezone()", "Europe/Berlin").await, "Europe/Berlin\n");
    let (_, code, _) = container
        .refusal("SELECT 1", &[("session_timezone", "Nowhere/Here")])
        .await;
    assert_eq!(code, 36);
}

#[tokio::test]
async fn a_file_in_the_lake_configures_no_engine() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 3).await;
    let configuration = "<clickhouse><display_name>from the lake</display_name></clickhouse>";
    std::fs::write(folder.path().join("config.xml"), configuration).expect("written");
    let container = Container::start(folder.path(), &[]);
    assert_ne!(container.text("SELECT displayName()").await, "from the lake");
    assert_eq!(container.text(COUNT).await, "3");
}
