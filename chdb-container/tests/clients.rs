//! Tests with third-party clients, in Rust, Python, Node.js, Go and Java.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Container, NOVEMBER, commit_logs, commit_trace, lake};
use tempfile::TempDir;

async fn start() -> (TempDir, Container) {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 1000).await;
    commit_trace(&lake, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c, NOVEMBER, 3).await;
    let container = Container::start(folder.path(), &[]);
    (folder, container)
}

/// The clients that also run against a ClickHouse.
const SHARED: &str = "../tests/clients";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo xtask test`"))
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.ends_with("all good\n"), "{out}\n{err}");
}

#[derive(Debug, PartialEq, clickhouse::Row, serde::Deserialize)]
struct Record {
    #[serde(rename = "Body")]
    body: String,
    #[serde(rename = "LogAttributes")]
    attributes: Vec<(String, String)>,
    #[serde(rename = "VitalValue")]
    vital: Option<f64>,
}

#[tokio::test]
async fn the_clickhouse_crate() {
    let (_folder, container) = start().await;
    let url = format!("http://127.0.0.1:{}", container.port());
    for compression in [clickhouse::Compression::None, clickhouse::Compression::Lz4] {
        let client = clickhouse::Client::default()
            .with_url(&url)
            .with_database("otel")
            .with_compression(compression);
        let rows = client
            .query("SELECT ?fields FROM otel_logs WHERE Body IN ? ORDER BY RowId")
            .bind(["record 1", "record 999"])
            .fetch_all::<Record>()
            .await
            .expect("rows");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].body, "record 999");
        let error = client
            .query("SELECT * FROM otel.nope")
            .fetch_all::<Record>()
            .await
            .expect_err("no such table");
        assert!(error.to_string().contains("UNKNOWN_TABLE"), "{error}");
    }
}

#[tokio::test]
async fn clickhouse_connect() {
    let (_folder, container) = start().await;
    let script = Path::new("tests/clients/python.py");
    run(Command::new(variable("LAKEFRONT_PYTHON"))
        .arg(script)
        .arg(container.port()));
}

#[tokio::test]
async fn clickhouse_client_for_node() {
    let (_folder, container) = start().await;
    let script = Path::new("tests/clients/node.cjs");
    let modules = variable("LAKEFRONT_NODE_MODULES");
    run(Command::new("node")
        .env("NODE_PATH", modules)
        .arg(script)
        .arg(container.port()));
}

#[tokio::test]
async fn clickhouse_go() {
    let (_folder, container) = start().await;
    let address = format!("127.0.0.1:{}", container.port());
    run(Command::new("go")
        .args(["run", "-C", &format!("{SHARED}/go"), "."])
        .args([&address, "", "", "lake"]));
}

#[tokio::test]
async fn clickhouse_jdbc() {
    let (_folder, container) = start().await;
    let url = format!("http://127.0.0.1:{}", container.port());
    let drivers = std::fs::read_dir(variable("LAKEFRONT_JDBC")).expect("the drivers");
    for driver in drivers {
        let jars = driver.expect("a driver").path().join("*");
        run(Command::new("java")
            .arg("-cp")
            .arg(jars)
            .arg(format!("{SHARED}/Jdbc.java"))
            .args([&url, "default", "", "lake"]));
    }
}
