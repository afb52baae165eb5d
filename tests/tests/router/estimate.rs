//! What a statement would read, and how far it is.

use std::time::Duration;

use anyhow::{Context as _, Result};
use lakefront_api::{Estimate, Progress, ProgressState, QueryReply};
use lakefront_query::catalogue;
use lakefront_tests::{Stack, Worker};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{problem, worker_of};

async fn estimate(worker: &Worker, sql: &str, params: Value) -> Result<Estimate> {
    let (status, value) = worker
        .post("/sql/estimate", &json!({"sql": sql, "params": params}))
        .await?;
    anyhow::ensure!(status == 200, "{sql}: {value}");
    Ok(serde_json::from_value(value)?)
}

async fn run(worker: &Worker, sql: &str, params: Value) -> Result<QueryReply> {
    let (status, value) = worker
        .post("/sql", &json!({"sql": sql, "params": params}))
        .await?;
    anyhow::ensure!(status == 200, "{sql}: {value}");
    Ok(serde_json::from_value(value)?)
}

#[tokio::test]
async fn named_queries_read_at_most_what_was_estimated() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "4"]).await?;
    let worker = worker_of(&stack).await?;
    let (mut seen, mut far) = (0, Vec::new());
    for range in ["24h", "7d"] {
        for query in catalogue() {
            let info = &query.info;
            if info.params.iter().any(|param| param.default.is_none()) {
                continue;
            }
            let body = json!({"query": info.name, "timeRange": range, "tz": "UTC", "explain": true});
            let reply = worker.query(&body).await?;
            let sent = reply.statement.context("no statement")?;
            let params: Value = sent
                .params
                .iter()
                .map(|param| (param.name.clone(), json!(param.value)))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let estimated = estimate(&worker, &sent.sql, params).await?;
            assert!(!estimated.tables.is_empty(), "{}", info.name);
            seen += 1;
            let (estimated, read) = (estimated.rows as f64, reply.stats.rows_read as f64);
            // The engine counts rows after it has left out parts of files, so that the estimate is the most that it can read.
            if estimated < read {
                far.push(format!(
                    "{} of {range}: {estimated} rows were estimated, {read} read",
                    info.name
                ));
            }
        }
    }
    assert!(seen > 60, "{seen}");
    assert!(far.is_empty(), "{} of {seen}:\n{}", far.len(), far.join("\n"));
    Ok(())
}

#[tokio::test]
async fn conditions_on_the_time_leave_files_out() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "3"]).await?;
    let worker = worker_of(&stack).await?;
    let none = json!({});
    let all = estimate(&worker, "SELECT Body FROM otel_logs", none.clone()).await?;
    let total = run(&worker, "SELECT count() FROM otel_logs", none.clone()).await?;
    assert_eq!(Some(all.rows), total.rows[0][0].as_u64());
    assert!(all.files >= 3 && all.bytes > 1_000, "{all:?}");
    let [table] = all.tables.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(
        (table.name.as_str(), table.from, table.to),
        ("otel_logs", None, None)
    );

    // Each way to write the same days.
    let days = "toDate(now()) - 1";
    let whole = run(
        &worker,
        &format!("SELECT count() FROM otel_logs WHERE toDate(Timestamp) >= {days}"),
        none.clone(),
    )
    .await?;
    let whole = whole.rows[0][0].as_u64().context("no count")?;
    assert!(whole > 0 && whole < all.rows, "{whole} of {}", all.rows);
    for sql in [
        format!("SELECT Body FROM otel_logs WHERE Timestamp >= {days}"),
        format!(
            "WITH lines AS (SELECT * FROM otel_logs) SELECT count() FROM lines WHERE Timestamp >= {days} AND Body != ''"
        ),
        format!(
            "SELECT hour, count() FROM (SELECT toStartOfHour(Timestamp) AS hour, Body FROM otel_logs) WHERE hour >= {days} AND Body != '' GROUP BY hour"
        ),
    ] {
        let estimated = estimate(&worker, &sql, none.clone()).await?;
        assert_eq!(estimated.rows, whole, "{sql}: {estimated:?}");
    }
    let param = json!({"from": "2000-01-01 00:00:00", "to": "2000-01-02 00:00:00"});
    let past = estimate(
        &worker,
        "SELECT Body FROM otel_logs WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp < {to:DateTime64(6)}",
        param,
    )
    .await?;
    assert_eq!((past.rows, past.files), (0, 0));
    assert_eq!(past.tables[0].from, "2000-01-01T00:00:00Z".parse().ok());
    assert_eq!(past.tables[0].to, "2000-01-02T00:00:00Z".parse().ok());

    let join = "SELECT count() FROM otel_logs AS logs JOIN otel_traces AS spans ON logs.TraceId = spans.TraceId WHERE spans.Timestamp < '2000-01-01'";
    let join = estimate(&worker, join, none.clone()).await?;
    let mut names: Vec<_> = join
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.rows))
        .collect();
    names.sort_unstable();
    assert_eq!(names, [("otel_logs", all.rows), ("otel_traces", 0)]);
    assert_eq!(estimate(&worker, "SELECT 1", none).await?, Estimate::default());

    let sentence = async |sql: &str| {
        worker
            .post("/sql/estimated", &json!({"sql": sql, "params": []}))
            .await
    };
    let (_, value) = sentence("SELECT Body FROM otel_logs").await?;
    assert!(
        value
            .as_str()
            .is_some_and(|text| text.starts_with("Reads at most ")),
        "{value}"
    );
    assert_eq!(sentence("SELECT Body FR").await?, (StatusCode::OK, json!("")));
    for (sql, status, says) in [
        ("SELECT nonsense FROM otel_logs", 422, "nonsense"),
        ("SELECT 1 FROM nothing", 422, "nothing"),
        ("SELECT 1 FORMAT CSV", 422, "FORMAT"),
        ("SELECT * FROM file('/etc/passwd')", 403, ""),
        ("DROP TABLE otel_logs", 403, ""),
        ("", 400, ""),
    ] {
        let (found, value) = worker.post("/sql/estimate", &json!({"sql": sql})).await?;
        let problem = problem(&value)?;
        let text = format!(
            "{} {}",
            problem.detail,
            problem.engine_message.unwrap_or_default()
        );
        assert!(found == status && text.contains(says), "{sql}: {found} {value}");
    }
    Ok(())
}

#[tokio::test]
async fn a_running_statement_says_how_far_it_is() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let id = "0123456789abcdef-progress";
    let progress = async |id: &str| -> Result<Progress> {
        let reply = worker
            .request(Method::GET, &format!("/sql/{id}/progress"))
            .send()
            .await?;
        Ok(reply.error_for_status()?.json().await?)
    };
    assert_eq!(progress(id).await?, Progress::default());
    let bad = worker.request(Method::GET, "/sql/no/progress").send().await?;
    assert_eq!(bad.status(), 400);
    let body = json!({"sql": "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", "id": id});
    let slow = worker.post("/sql", &body);
    let watched = async {
        let mut before = 0;
        for _ in 0..2 {
            before = loop {
                let progress = progress(id).await?;
                if progress.state == ProgressState::Runs && progress.rows_read > before {
                    assert!(
                        progress.elapsed_ms > 0.0 && progress.bytes_read > 0,
                        "{progress:?}"
                    );
                    break progress.rows_read;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
        }
        let stopped = worker
            .request(Method::DELETE, &format!("/sql/{id}"))
            .send()
            .await?;
        assert_eq!(stopped.status(), 204);
        // Its place is freed a moment after it has ended.
        while progress(id).await?.state != ProgressState::None {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    let (slow, watched) = tokio::join!(slow, watched);
    watched?;
    assert_ne!(slow?.0, 200);
    Ok(())
}
