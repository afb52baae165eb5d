//! Answers as Parquet files, which DuckDB reads.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::{Timestamp, ToSpan as _};
use lakefront_api::QueryReply;
use lakefront_query::catalogue;
use lakefront_tests::{Stack, Worker, python};
use reqwest::{Method, Response, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{problem, worker_of};

/// A file as DuckDB reads it.
#[derive(Debug, Deserialize)]
struct Table {
    /// The name and the type of each column.
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Value>>,
}

async fn get(worker: &Worker, path: &str, query: &[(&str, &str)]) -> Result<Response> {
    Ok(worker.request(Method::GET, path).query(query).send().await?)
}

/// Reads files in the order of their paths.
async fn tables(files: &[impl AsRef<Path>]) -> Result<Vec<Table>> {
    let paths: Vec<_> = files
        .iter()
        .map(|file| file.as_ref().display().to_string())
        .collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    Ok(serde_json::from_str(&python("parquet_rows.py", &paths).await?)?)
}

async fn table(reply: Response) -> Result<Table> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("one.parquet");
    std::fs::write(&file, reply.error_for_status()?.bytes().await?)?;
    let mut tables = tables(&[file]).await?;
    tables.pop().context("no table")
}

/// Returns true if a value of the API is one of a file. Times have more or fewer digits, and maps are lists of pairs or
/// objects.
fn is_same(api: &Value, file: &Value) -> bool {
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    match (api, file) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        // A tuple is a struct with numbers as names.
        (Value::Array(a), Value::Object(b)) => {
            a.len() == b.len()
                && (1..)
                    .zip(a)
                    .all(|(at, a)| b.get(&at.to_string()).is_some_and(|b| is_same(a, b)))
        }
        _ => api == file || time(api).is_some_and(|api| Some(api) == time(file)),
    }
}

#[tokio::test]
async fn a_file_of_each_named_query_has_the_rows_of_the_api() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "2"]).await?;
    let worker = worker_of(&stack).await?;
    // A day that is over has the same rows for both.
    let to = Timestamp::from_second(Timestamp::now().as_second() / 86_400 * 86_400)?;
    let [from, to] = [to - 24.hours(), to].map(|time| time.to_string());
    let folder = tempfile::tempdir()?;
    let (mut names, mut files, mut replies) = (Vec::new(), Vec::new(), Vec::new());
    for query in catalogue() {
        let info = &query.info;
        if info.params.iter().any(|param| param.default.is_none()) {
            continue;
        }
        let range = [("from", from.as_str()), ("to", &to), ("tz", "UTC")];
        let reply = get(&worker, &format!("/download/{}.parquet", info.name), &range).await?;
        assert_eq!(reply.status(), 200, "{}: {}", info.name, reply.text().await?);
        let file = folder.path().join(format!("{}.parquet", info.name));
        std::fs::write(&file, reply.bytes().await?)?;
        let body = json!({"query": info.name, "timeRange": {"from": from, "to": to}, "tz": "UTC"});
        replies.push(worker.query(&body).await?);
        names.push(&info.name);
        files.push(file);
    }
    assert!(names.len() > 30, "{names:?}");
    let mut rows = 0;
    for ((name, reply), table) in names.iter().zip(&replies).zip(tables(&files).await?) {
        let columns: Vec<_> = reply.columns.iter().map(|column| column.name.as_str()).collect();
        let of_file: Vec<_> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(of_file, columns, "{name}");
        assert_eq!(table.rows.len(), reply.rows.len(), "{name}");
        for (api, file) in reply.rows.iter().zip(&table.rows) {
            let is_same = api.iter().zip(file).all(|(api, file)| is_same(api, file));
            assert!(is_same, "{name}: {api:?} is not {file:?}");
        }
        for (column, (_, data_type)) in reply.columns.iter().zip(&table.columns) {
            assert_eq!(
                column.data_type.contains("DateTime"),
                data_type.contains("TIMESTAMP"),
                "{name}.{}: {data_type}",
                column.name
            );
        }
        rows += table.rows.len();
    }
    assert!(rows > 500, "{rows}");
    Ok(())
}

#[tokio::test]
async fn a_file_of_a_statement_has_types_and_says_when_it_is_cut() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let of = async |sql: &str| {
        get(
            &worker,
            "/download/sql.parquet",
            &[("q", sql), ("param_word", "a,b")],
        )
        .await
    };
    let name = |reply: &Response| -> Result<String> {
        Ok(reply.headers()[header::CONTENT_DISPOSITION].to_str()?.to_owned())
    };

    let sql = "SELECT toUInt64(18446744073709551615) AS big, {word:String} AS word, toDateTime64('2026-03-24 12:00:00.000001', 6, 'UTC') AS t, \
        toDate('2026-03-24') AS day, NULL::Nullable(Float64) AS gap, [1, 2] AS list, map('k', 'v') AS map";
    let reply = of(sql).await?;
    assert_eq!(
        reply.headers()[header::CONTENT_TYPE],
        "application/vnd.apache.parquet"
    );
    assert_eq!(name(&reply)?, "attachment; filename=\"sql.parquet\"");
    let read = table(reply).await?;
    let types: Vec<_> = read
        .columns
        .iter()
        .map(|(_, data_type)| data_type.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "UBIGINT",
            "VARCHAR",
            "TIMESTAMP WITH TIME ZONE",
            "DATE",
            "DOUBLE",
            "UTINYINT[]",
            "MAP(VARCHAR, VARCHAR)"
        ]
    );
    assert_eq!(
        json!(read.rows),
        json!([[u64::MAX, "a,b", "2026-03-24T12:00:00.000001Z", "2026-03-24", null, [1, 2], {"k": "v"}]])
    );

    let none = table(of("SELECT number AS n FROM numbers(9) WHERE number > 9").await?).await?;
    assert_eq!(
        (none.columns, none.rows.len()),
        (vec![("n".into(), "UBIGINT".into())], 0)
    );

    // The limit of the API.
    let long = "SELECT number AS n FROM numbers(60000)";
    let (_, api) = worker.post("/sql", &json!({"sql": long})).await?;
    let api: QueryReply = serde_json::from_value(api)?;
    let cut = of(long).await?;
    assert_eq!(name(&cut)?, "attachment; filename=\"sql.first-rows.parquet\"");
    let cut = table(cut).await?;
    assert!(api.truncated);
    assert_eq!(
        (cut.rows.len(), cut.rows.last()),
        (api.rows.len(), api.rows.last())
    );

    for (sql, status, says) in [
        ("SELECT nonsense", 422, "nonsense"),
        ("SELECT INTERVAL 1 DAY AS iv", 422, "iv"),
        ("SELECT 1 FORMAT CSV", 400, "CSV"),
        // Past the limits on bytes, of the router and of the engine. A Parquet file cannot be cut.
        (
            "SELECT randomString(1000) FROM numbers(30000)",
            422,
            "larger than",
        ),
        ("SELECT randomString(4000) FROM numbers(40000)", 422, "max bytes"),
        ("SELECT * FROM file('/etc/passwd')", 403, ""),
    ] {
        let reply = of(sql).await?;
        let found = reply.status();
        let value: Value = reply.json().await?;
        assert_eq!(found, status, "{sql}: {value}");
        let problem = problem(&value)?;
        let text = format!(
            "{} {}",
            problem.detail,
            problem.engine_message.unwrap_or_default()
        );
        assert!(text.contains(says), "{sql}: {value}");
    }
    let foreign = worker
        .request(Method::GET, "/download/sql.parquet?q=SELECT+1")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await?.status(), 403);
    Ok(())
}
