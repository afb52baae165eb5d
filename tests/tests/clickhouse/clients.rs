//! Third-party clients: they create tables, insert in each format, compressed and uncompressed, and query.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clickhouse::{Client, Compression, Row};
use lakefront_clickhouse_http::Credentials;
use lakefront_tests::ClickHouse;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Event {
    id: u32,
    name: String,
    tags: Vec<(String, String)>,
    value: Option<f64>,
}

fn event(id: u32) -> Event {
    Event {
        id,
        name: format!("event {id} ü;\n"),
        tags: vec![("k".into(), id.to_string())],
        value: id.is_multiple_of(2).then_some(f64::from(id) / 4.0),
    }
}

fn client(clickhouse: &ClickHouse) -> Client {
    let credentials = clickhouse.credentials();
    Client::default()
        .with_url(clickhouse.url())
        .with_user(credentials.user)
        .with_password(credentials.password)
        .with_database("otel")
}

#[tokio::test]
async fn the_clickhouse_crate() -> Result<()> {
    const TABLE: &str = "lakefront_test_rust";
    let folder = TempDir::new()?;
    let clickhouse = ClickHouse::with_passwords(folder.path()).await?;
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd(1)] {
        let client = client(&clickhouse).with_compression(compression);
        client
            .query("DROP TABLE IF EXISTS ?")
            .bind(clickhouse::sql::Identifier(TABLE))
            .execute()
            .await?;
        client
            .query(
                "CREATE TABLE lakefront_test_rust (id UInt32, name String, tags Map(String, String), \
                 value Nullable(Float64)) ENGINE = MergeTree ORDER BY id \
                 SETTINGS non_replicated_deduplication_window = 100",
            )
            .execute()
            .await?;

        // The client sends megabytes of RowBinaryWithNamesAndTypes twice. The token makes ClickHouse insert them once.
        const ROWS: u32 = 100_000;
        for _ in 0..2 {
            let mut insert = client
                .insert::<Event>(TABLE)
                .await?
                .with_setting("insert_deduplication_token", "one");
            for id in 0..ROWS {
                insert.write(&event(id)).await?;
            }
            insert.end().await?;
        }
        let rows: u64 = client
            .query("SELECT count() FROM lakefront_test_rust")
            .fetch_one()
            .await?;
        assert_eq!(rows, u64::from(ROWS), "{compression:?}");

        let fetched = client
            .query("SELECT ?fields FROM lakefront_test_rust WHERE id IN ? ORDER BY id")
            .bind([7_u32, 99_998])
            .fetch_all::<Event>()
            .await?;
        assert_eq!(fetched, [event(7), event(99_998)], "{compression:?}");
        let named: String = client
            .query("SELECT {name:String}")
            .param("name", "tab\t'")
            .fetch_one()
            .await?;
        assert_eq!(named, "tab\t'");

        let mut insert = client
            .insert_formatted_with("INSERT INTO lakefront_test_rust FORMAT JSONEachRow")
            .buffered();
        insert.write_buffered(b"{\"id\":1000001,\"name\":\"json\",\"tags\":{\"a\":\"b\"}}\n");
        insert.end().await?;
        let parquet = client
            .query("SELECT toUInt32(1000002 + number) AS id, 'parquet' AS name FROM numbers(3)")
            .fetch_bytes("Parquet")?
            .collect()
            .await?;
        let mut insert =
            client.insert_formatted_with("INSERT INTO lakefront_test_rust (id, name) FORMAT Parquet");
        insert.send(parquet).await?;
        insert.end().await?;
        let rows: u64 = client
            .query("SELECT count() FROM lakefront_test_rust WHERE name IN ('json', 'parquet')")
            .fetch_one()
            .await?;
        assert_eq!(rows, 4, "{compression:?}");

        // Invalid rows cause an error, and no row is inserted.
        let mut insert = client.insert_formatted_with("INSERT INTO lakefront_test_rust FORMAT JSONEachRow");
        insert
            .send(Bytes::from_static(b"{\"id\":1000009}\n{\"id\":no}\n"))
            .await?;
        let error = insert.end().await.expect_err("no JSON").to_string();
        assert!(error.contains("Cannot parse input"), "{error}");
        // An insert that is abandoned half-way.
        let mut insert = client.insert::<Event>(TABLE).await?;
        insert.write(&event(1_000_009)).await?;
        drop(insert);
        let rows: u64 = client
            .query("SELECT count() FROM lakefront_test_rust WHERE id = 1000009")
            .fetch_one()
            .await?;
        assert_eq!(rows, 0, "{compression:?}");
    }

    let client = client(&clickhouse);
    let wrong = client.clone().with_password("a wrong password, long enough");
    let error = wrong
        .query("SELECT 1")
        .fetch_one::<u8>()
        .await
        .expect_err("a wrong password");
    assert!(error.to_string().contains("AUTHENTICATION_FAILED"), "{error}");
    if clickhouse.is_embedded() {
        let router = client.clone().with_user("router");
        let rows: u64 = router
            .query("SELECT count() FROM lakefront_test_rust")
            .fetch_one()
            .await?;
        assert!(rows > 0);
        let mut insert = router.insert_formatted_with("INSERT INTO lakefront_test_rust FORMAT JSONEachRow");
        insert.send(Bytes::from_static(b"{\"id\":1}\n")).await?;
        let error = insert.end().await.expect_err("a reader").to_string();
        assert!(error.contains("READONLY"), "{error}");
    }
    client.query("DROP TABLE lakefront_test_rust").execute().await?;
    Ok(())
}

async fn script(program: &str, script: &str) -> Result<()> {
    let folder = TempDir::new()?;
    let clickhouse = ClickHouse::with_passwords(folder.path()).await?;
    let credentials = clickhouse.credentials();
    let script = lakefront_tests::checkout()?
        .join("tests/tests/clickhouse")
        .join(script);
    let mut command = Command::new(program);
    command
        .arg(script)
        .args([clickhouse.url(), &credentials.user, &credentials.password])
        .arg(if clickhouse.is_embedded() { "router" } else { "" });
    if let Some(modules) = std::env::var_os("LAKEFRONT_NODE_MODULES") {
        command.env("NODE_PATH", modules);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(
        output.status.success() && out.ends_with("all good\n"),
        "{out}\n{err}\n{}",
        clickhouse.output()
    );
    Ok(())
}

#[tokio::test]
async fn clickhouse_connect() -> Result<()> {
    let python = std::env::var("LAKEFRONT_PYTHON")
        .context("LAKEFRONT_PYTHON is not set: run the tests with `cargo xtask test`")?;
    script(&python, "python.py").await
}

#[tokio::test]
async fn clickhouse_client_for_node() -> Result<()> {
    script("node", "node.cjs").await
}

/// Runs a client as a user who writes and, on an embedded ClickHouse, as one who reads. `command` takes the URL, and the
/// client the user, the password and the kind of the user.
async fn as_each_user(command: impl Fn(&str) -> Command) -> Result<()> {
    let folder = TempDir::new()?;
    let clickhouse = ClickHouse::with_passwords(folder.path()).await?;
    for table in ["otel_logs", "ledger"] {
        let columns = "(Timestamp DateTime64(6, 'UTC'), Body String) ENGINE = MergeTree ORDER BY Timestamp";
        clickhouse
            .sql(&format!("CREATE TABLE IF NOT EXISTS otel.{table} {columns}"))
            .await?;
    }
    let Credentials { user, password } = clickhouse.credentials();
    let mut users = vec![(user.as_str(), "writer")];
    if clickhouse.is_embedded() {
        users.push(("router", "reader"));
    }
    for (user, kind) in users {
        let mut command = command(clickhouse.url());
        command.args([user, &password, kind]);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        ensure!(
            output.status.success() && out.ends_with("all good\n"),
            "{user}: {out}\n{err}\n{}",
            clickhouse.output()
        );
    }
    Ok(())
}

#[tokio::test]
async fn clickhouse_go() -> Result<()> {
    let client = lakefront_tests::checkout()?.join("tests/clients/go");
    as_each_user(|url| {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut command = Command::new("go");
        command.args(["run", "-C"]).arg(&client).args([".", address]);
        command
    })
    .await
}

#[tokio::test]
async fn clickhouse_jdbc() -> Result<()> {
    let client = lakefront_tests::checkout()?.join("tests/clients/Jdbc.java");
    let drivers = std::env::var("LAKEFRONT_JDBC")
        .context("LAKEFRONT_JDBC is not set: run the tests with `cargo xtask test`")?;
    for driver in std::fs::read_dir(drivers)? {
        let jars = driver?.path().join("*");
        as_each_user(|url| {
            let mut command = Command::new("java");
            command
                .arg("-cp")
                .arg(&jars)
                .arg(&client)
                .arg(url.trim_end_matches('/'));
            command
        })
        .await?;
    }
    Ok(())
}
