//! The router's HTTP contract, tested against the Worker on workerd with the real chDB behind it.

mod answers;
mod budgets;
mod bundle;
mod container;
mod estimate;
mod parquet;
mod settled;
mod tail;
mod watch;

use anyhow::{Context as _, Result};
use lakefront_api::{EngineHealth, HealthReply, Problem, ProblemType, QueryInfo, QueryReply, Reason};
use lakefront_query::catalogue;
use lakefront_tests::{Engine, Stack, Worker, free_address};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Starts a Worker in front of a stack's engine and ingest.
async fn worker_of(stack: &Stack) -> Result<Worker> {
    Worker::start(&[
        ("CHDB_URL", stack.engine_url()),
        ("INGEST_URL", stack.ingest_url()),
    ])
    .await
}

fn problem(value: &Value) -> Result<Problem> {
    serde_json::from_value(value.clone()).with_context(|| format!("not a problem: {value}"))
}

#[tokio::test]
async fn every_named_query_answers_with_its_columns() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "1"]).await?;
    let worker = worker_of(&stack).await?;
    for query in catalogue() {
        let info = &query.info;
        let required = info.params.iter().filter(|param| param.default.is_none());
        let params: serde_json::Map<_, _> = required
            .map(|param| (param.name.clone(), json!("nobody")))
            .collect();
        let body = json!({"query": info.name, "timeRange": "7d", "params": params, "tz": "Asia/Kathmandu"});
        let (status, value) = worker.post("/query", &body).await?;
        assert_eq!(status, 200, "{}: {value}", info.name);
        for key in [
            "columns",
            "rows",
            "truncated",
            "backend",
            "reason",
            "range",
            "asOf",
            "lagSeconds",
            "elapsedMs",
            "backendMs",
        ] {
            assert!(value.get(key).is_some(), "{}: no {key} in {value}", info.name);
        }
        let reply: QueryReply = serde_json::from_value(value)?;
        let names: Vec<_> = reply.columns.iter().map(|column| column.name.as_str()).collect();
        let declared: Vec<_> = info.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, declared, "{}", info.name);
        assert!(
            reply.rows.iter().all(|row| row.len() == names.len()),
            "{}",
            info.name
        );
        assert_eq!(
            (reply.backend.name(), reply.reason.name()),
            ("chdb", "no-clickhouse")
        );
        assert!(
            reply.elapsed_ms >= reply.backend_ms,
            "{} < {}",
            reply.elapsed_ms,
            reply.backend_ms
        );
        // This router sends no decisions, and ingest no counts.
        let is_own = info.name.starts_with("router_")
            || info.name.starts_with("usage")
            || info.name == "search_fields";
        if required_is_empty(info) && !is_own {
            assert!(
                !reply.rows.is_empty(),
                "{} has no rows over a day of the demo",
                info.name
            );
            assert!(reply.stats.rows_read > 0, "{}", info.name);
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_router_tells_of_its_decisions() -> Result<()> {
    let mut stack = Stack::start().await?;
    let worker = Worker::start(&[
        ("CHDB_URL", stack.engine_url()),
        ("INGEST_URL", stack.ingest_url()),
        ("SELF_OBSERVATION", "on"),
    ])
    .await?;
    let top_pages = json!({"query": "top_pages", "timeRange": "1h"});
    for _ in 0..3 {
        worker.query(&top_pages).await?;
    }
    let (status, value) = worker.post("/sql", &json!({"sql": "SELECT 1"})).await?;
    assert_eq!(status, 200, "{value}");

    let decisions = json!({"query": "router_decisions", "timeRange": "1h"});
    let told = |reply: &QueryReply| -> u64 { reply.rows.iter().filter_map(|row| row[3].as_u64()).sum() };
    let reply = worker.query_until(&decisions, |reply| told(reply) >= 4).await?;
    assert!(
        reply
            .rows
            .iter()
            .all(|row| row[1] == "chdb" && row[2] == "no-clickhouse"),
        "{:?}",
        reply.rows
    );
    // The queries above were not recorded: otherwise they would arrive with the next decision.
    worker.query(&top_pages).await?;
    let reply = worker.query_until(&decisions, |reply| told(reply) >= 5).await?;
    assert_eq!(told(&reply), 5);
    let latency = worker
        .query(&json!({"query": "router_latency", "timeRange": "1h"}))
        .await?;
    assert!(
        latency.rows.iter().all(|row| row[3].is_number()),
        "{:?}",
        latency.rows
    );

    // No query waits for an ingest that is gone.
    stack.kill_ingest();
    for _ in 0..3 {
        worker.query(&top_pages).await?;
    }
    Ok(())
}

fn required_is_empty(info: &QueryInfo) -> bool {
    info.params.iter().all(|param| param.default.is_some())
}

#[tokio::test]
async fn sql_takes_typed_parameters_and_says_when_it_cuts() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let sql = "SELECT {n:UInt8} AS n, {text:String} AS text, toDateTime64('2026-03-24 12:00:00.5', 6, 'UTC') AS time, \
               toDate('2026-03-24') AS day, nan AS nothing";
    let text = "it's \\ a\ttab, ü and 'quotes'; SELECT 2";
    let (status, value) = worker
        .post("/sql", &json!({"sql": sql, "params": {"n": 7, "text": text}}))
        .await?;
    assert_eq!(status, 200, "{value}");
    assert_eq!(
        value["rows"],
        json!([[7, text, "2026-03-24T12:00:00.500000Z", "2026-03-24", null]])
    );
    assert_eq!(value["truncated"], false);
    assert_eq!(value.get("range"), None);

    let (status, value) = worker
        .post("/sql", &json!({"sql": "SELECT number FROM numbers(60000)"}))
        .await?;
    assert_eq!((status, &value["truncated"]), (StatusCode::OK, &json!(true)));
    assert_eq!(value["rows"].as_array().map(Vec::len), Some(50_000));

    let exact = "SELECT toUInt128('340282366920938463463374607431768211455') AS wide, \
                 toDecimal128('12345678901234567890.123456789', 9) AS decimal, toUInt64('18446744073709551615') AS long, \
                 9007199254740991 AS safe, toInt64(-7) AS short";
    let (status, value) = worker.post("/sql", &json!({"sql": exact})).await?;
    assert_eq!(status, 200, "{value}");
    assert_eq!(
        value["rows"],
        json!([[
            "340282366920938463463374607431768211455",
            "12345678901234567890.123456789",
            "18446744073709551615",
            9_007_199_254_740_991_u64,
            -7
        ]])
    );

    let many = format!("SELECT {} FROM numbers(50000)", vec!["1"; 150].join(", "));
    let (status, value) = worker.post("/sql", &json!({"sql": many})).await?;
    assert_eq!(
        (status.as_u16(), problem(&value)?.kind),
        (422, ProblemType::QueryFailed),
        "{value}"
    );
    Ok(())
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_page() -> Result<()> {
    let worker = Worker::start(&[("CHDB_URL", "http://127.0.0.1:1")]).await?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    for (path, target) in [("/plain/?range=2h", "/plain?range=2h"), ("/errors/", "/errors")] {
        let reply = client.get(format!("{}{path}", worker.url())).send().await?;
        assert_eq!(reply.status(), 308, "{path}");
        assert_eq!(reply.headers()[header::LOCATION], target, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn bad_inputs_get_problems() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let cases: Vec<Value> = serde_json::from_str(include_str!("bad_inputs.json"))?;
    for case in &cases {
        let name = case["name"].as_str().context("a case has no name")?;
        let path = case["path"].as_str().context("a case has no path")?;
        let method: Method = case["method"].as_str().context("a case has no method")?.parse()?;
        let mut request = worker.request(method, path);
        if let Some(body) = body_of(case) {
            request = request.body(body);
            let content_type = case["contentType"].as_str().unwrap_or("application/json");
            if !content_type.is_empty() {
                request = request.header(header::CONTENT_TYPE, content_type);
            }
        }
        let reply = request.send().await?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let text = reply.text().await?;
        assert_eq!(
            Some(u64::from(status.as_u16())),
            case["status"].as_u64(),
            "{name}: {text}"
        );
        assert_eq!(
            headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{name}: {text}"
        );
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{name}: {text}"))?;
        let kind = value["type"].as_str().unwrap_or_default();
        assert!(
            kind.ends_with(case["type"].as_str().unwrap_or("?")),
            "{name}: {text}"
        );
        let problem = problem(&value)?;
        assert_eq!(problem.status, status.as_u16(), "{name}");
        assert!(
            problem.detail.contains(case["says"].as_str().unwrap_or("")),
            "{name}: {text}"
        );
        if let Some(code) = case["code"].as_u64() {
            assert_eq!(problem.code.map(u64::from), Some(code), "{name}: {text}");
            assert!(
                problem.engine_message.is_some_and(|message| !message.is_empty()),
                "{name}: {text}"
            );
        }
        if let Some(allow) = case["allow"].as_str() {
            assert_eq!(headers[header::ALLOW], allow, "{name}");
        }
    }
    // None of these requests counts as a failure of the engine.
    let health: HealthReply = serde_json::from_str(
        &worker
            .request(Method::GET, "/health")
            .send()
            .await?
            .text()
            .await?,
    )?;
    assert!(health.healthy, "{health:?}");
    assert_eq!(health.backends[0].detail, None);
    Ok(())
}

fn body_of(case: &Value) -> Option<Vec<u8>> {
    if let Some(text) = case["body"].as_str() {
        return Some(text.into());
    }
    if let Some(bytes) = case["bodyBytes"].as_array() {
        return bytes
            .iter()
            .map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect();
    }
    let text = case["bodyRepeat"][0].as_str()?;
    Some(
        text.repeat(usize::try_from(case["bodyRepeat"][1].as_u64()?).ok()?)
            .into(),
    )
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused_with_or_without_a_length() -> Result<()> {
    let worker = Worker::start(&[("CHDB_URL", "http://127.0.0.1:1")]).await?;
    let body = json!({"sql": "x".repeat(2 << 20)});
    let (status, value) = worker.post("/sql", &body).await?;
    assert_eq!(
        (status.as_u16(), problem(&value)?.kind),
        (413, ProblemType::TooLarge)
    );

    let mut stream = TcpStream::connect(worker.url().trim_start_matches("http://")).await?;
    let head = "POST /sql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    // The body has no end, so that the answer must come first. A closed connection ends the sending, not the test.
    for _ in 0..20 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut reply = [0; 12];
    stream.read_exact(&mut reply).await?;
    assert_eq!(String::from_utf8_lossy(&reply), "HTTP/1.1 413");
    Ok(())
}

#[tokio::test]
async fn a_killed_engine_is_a_clear_problem_and_its_return_is_noticed() -> Result<()> {
    let stack = Stack::start().await?;
    let address = free_address()?;
    let url = format!("http://{address}");
    let chdb = Engine::start_at(&address, stack.lake()).await?;
    let worker = Worker::start(&[("CHDB_URL", &url)]).await?;
    let question = json!({"query": "errors_per_hour"});
    assert_eq!(worker.post("/query", &question).await?.0, 200);

    drop(chdb);
    // The answer is kept for a moment.
    worker
        .post_until("/query", &question, StatusCode::SERVICE_UNAVAILABLE)
        .await?;
    for _ in 0..3 {
        let request = worker
            .request(Method::POST, "/query")
            .header(header::CONTENT_TYPE, "application/json");
        let reply = request.body(question.to_string()).send().await?;
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.headers()[header::RETRY_AFTER], "10");
        let problem = problem(&serde_json::from_str(&reply.text().await?)?)?;
        assert_eq!(problem.kind, ProblemType::NoBackend);
        assert!(problem.detail.contains("try again in 10 seconds"), "{problem}");
    }
    let reply = worker.request(Method::GET, "/health").send().await?;
    assert_eq!(reply.status(), 503);
    let health: HealthReply = serde_json::from_str(&reply.text().await?)?;
    assert!(health.backends[0].detail.is_some(), "{health:?}");

    let _chdb = Engine::start_at(&address, stack.lake()).await?;
    worker.post_until("/query", &question, StatusCode::OK).await?;
    let reply = worker.request(Method::GET, "/health").send().await?;
    assert_eq!(reply.status(), 200);
    Ok(())
}

/// Starts an engine that answers each request with the same bytes. With an empty reply it hangs.
async fn engine_that_answers(reply: &'static str) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                while let Ok(1..) = stream.read(&mut buffer).await {
                    if reply.is_empty() {
                        std::future::pending::<()>().await;
                    }
                    if stream.write_all(reply.as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(url)
}

#[tokio::test]
async fn replies_of_a_broken_engine_are_told_apart() -> Result<()> {
    for (reply, status, kind) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            503,
            ProblemType::NoBackend,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"meta\":[",
            503,
            ProblemType::NoBackend,
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
            503,
            ProblemType::NoBackend,
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n",
            503,
            ProblemType::Busy,
        ),
        (
            "HTTP/1.1 500 x\r\nx-clickhouse-exception-code: 202\r\ncontent-length: 42\r\n\r\nCode: 202. DB::Exception: Too many. (X)   \n",
            503,
            ProblemType::Busy,
        ),
        (
            "HTTP/1.1 500 x\r\nx-clickhouse-exception-code: 241\r\ncontent-length: 42\r\n\r\nCode: 241. DB::Exception: Memory. (X)     \n",
            422,
            ProblemType::QueryFailed,
        ),
        ("not HTTP at all\r\n\r\n", 503, ProblemType::NoBackend),
    ] {
        let worker = Worker::start(&[("CHDB_URL", &engine_that_answers(reply).await?)]).await?;
        let (seen, value) = worker.post("/query", &json!({"query": "top_errors"})).await?;
        assert_eq!(
            (seen.as_u16(), problem(&value)?.kind),
            (status, kind),
            "{reply:?}: {value}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_past_the_limit_is_not_held() -> Result<()> {
    const LENGTH: usize = 25 << 20;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
    let reply = (head + &" ".repeat(LENGTH)).leak();
    let worker = Worker::start(&[("CHDB_URL", &engine_that_answers(reply).await?)]).await?;
    let (status, value) = worker.post("/query", &json!({"query": "top_errors"})).await?;
    let problem = problem(&value)?;
    assert_eq!((status.as_u16(), problem.kind), (422, ProblemType::QueryFailed));
    assert!(problem.detail.contains("larger than"), "{problem}");
    Ok(())
}

#[tokio::test]
async fn telemetry_is_handed_on_to_ingest() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "through the router"}}]}]}]});
    let (status, value) = worker.post("/v1/logs", &body).await?;
    assert_eq!(status, 200, "{value}");
    stack.committed("otel_logs", 1).await?;
    let (_, value) = worker
        .post("/sql", &json!({"sql": "SELECT Body FROM otel.otel_logs"}))
        .await?;
    assert_eq!(value["rows"], json!([["through the router"]]));

    let preflight = worker
        .request(Method::OPTIONS, "/v1/traces")
        .header(header::ORIGIN, "https://shop.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .send()
        .await?;
    assert!(preflight.status().is_success(), "{}", preflight.status());
    assert!(
        preflight
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
    Ok(())
}

#[tokio::test]
async fn telemetry_does_not_wait_for_a_frozen_ingest_for_ever() -> Result<()> {
    let frozen = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", frozen.local_addr()?);
    let worker = Worker::start(&[
        ("CHDB_URL", "http://127.0.0.1:1"),
        ("INGEST_URL", &url),
        ("INGEST_TIMEOUT", "1"),
    ])
    .await?;
    let body = json!({"resourceLogs": []}).to_string();
    let send = worker.request(Method::POST, "/v1/logs").body(body).send();
    // Ingest accepts the connection, and never answers.
    let (connection, reply) = tokio::join!(frozen.accept(), send);
    let (mut connection, _) = connection?;
    let reply = reply?;
    assert_eq!(reply.status(), 503);
    assert!(reply.headers().contains_key(header::RETRY_AFTER), "{reply:?}");
    assert!(problem(&reply.json().await?)?.detail.contains("send again"));
    // The router has closed its connection.
    connection.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Sends a log record that is an error and a page view, and waits until `rows` rows are committed.
async fn record(worker: &Worker, stack: &Stack, rows: u64) -> Result<()> {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let record = json!({
        "timeUnixNano": format!("{}", jiff::Timestamp::now().as_nanosecond()),
        "severityNumber": 17,
        "eventName": "browser.page_view",
        "attributes": [attribute("url.path", "/"), attribute("session.id", "one")],
    });
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
    let (status, value) = worker.post("/v1/logs", &body).await?;
    assert_eq!(status, 200, "{value}");
    stack.committed("otel_logs", rows).await
}

#[tokio::test]
async fn the_past_is_answered_as_it_was() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    record(&worker, &stack, 1).await?;
    let health = reqwest::get(format!("{}health", stack.engine_url()))
        .await?
        .text()
        .await?;
    let health: EngineHealth = serde_json::from_str(&health)?;
    let mut tables = health.lake.tables.into_iter();
    let logs = tables
        .find(|table| table.name == "otel_logs")
        .context("no otel_logs")?;
    let snapshot = logs.snapshot_id.context("no snapshot")?;
    let then = jiff::Timestamp::from_millisecond(jiff::Timestamp::now().as_millisecond())?;
    record(&worker, &stack, 2).await?;

    let views = |reply: &QueryReply| reply.rows.first().map(|row| row[1].clone());
    let question = json!({"query": "top_pages", "timeRange": "24h"});
    assert_eq!(views(&worker.query(&question).await?), Some(json!(2)));
    for (at, as_of) in [(then.to_string(), Some(then)), (snapshot.clone(), None)] {
        let mut question = question.clone();
        question["at"] = at.as_str().into();
        let reply = worker.query(&question).await?;
        assert_eq!((reply.reason, reply.as_of), (Reason::At, as_of), "{at}");
        assert_eq!(views(&reply), Some(json!(1)), "{at}");
    }

    // A search reads the same past, and a preset ends there.
    let search = json!({"signal": "logs", "timeRange": "24h", "at": then.to_string()});
    let (status, found) = worker.post("/search", &search).await?;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["asOf"], json!(then.to_string()));
    assert_eq!(found["range"]["to"], json!(then.to_string()));

    // Before the first commit there is no state, and the answer names the oldest one.
    let mut question = question.clone();
    question["at"] = json!("2020-01-01T00:00:00Z");
    let (status, value) = worker.post("/query", &question).await?;
    assert_eq!(status, 400, "{value}");
    let oldest = logs.oldest_snapshot_time.context("no oldest snapshot")?;
    assert!(problem(&value)?.detail.contains(&oldest.to_string()), "{value}");

    // Errors are read from two tables, and a snapshot belongs to one table.
    let question = json!({"query": "errors_per_hour", "at": snapshot});
    let (status, value) = worker.post("/query", &question).await?;
    assert_eq!(status, 400, "{value}");
    assert!(problem(&value)?.detail.contains("give a time"), "{value}");
    Ok(())
}

#[tokio::test]
async fn a_range_begins_where_the_lake_does() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    record(&worker, &stack, 1).await?;
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .start_of_day()?;
    let question = json!({"query": "errors_per_hour", "timeRange": "30d"});
    // The router learns the lake's first day after its first answer.
    let begins_today = |reply: &QueryReply| reply.range.is_some_and(|range| range.from == today.timestamp());
    let reply = worker.query_until(&question, begins_today).await?;
    assert_eq!(reply.rows.len(), 1, "{reply:?}");
    Ok(())
}

#[tokio::test]
async fn pages_and_their_files() -> Result<()> {
    let stack = Stack::start().await?;
    let worker = worker_of(&stack).await?;
    let page = worker
        .request(Method::GET, "/")
        .header(header::ACCEPT, "text/html")
        .send()
        .await?;
    assert_eq!(page.status(), 200);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()?
        .to_owned();
    let html = page.text().await?;
    let nonce = policy
        .split_once("'nonce-")
        .and_then(|(_, rest)| rest.split_once('\''))
        .context("no nonce")?
        .0;
    for script in html.split("<script").skip(1) {
        assert!(
            script.split('>').next().is_some_and(|tag| tag.contains(nonce)),
            "<script{script}"
        );
    }
    let folder = html
        .split_once("href=\"/pkg/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .context("no bundle")?
        .0;
    for (file, content_type) in [
        ("lakefront.js", "text/javascript"),
        ("lakefront_bg.wasm", "application/wasm"),
    ] {
        let reply = worker
            .request(Method::GET, &format!("/pkg/{folder}/{file}"))
            .send()
            .await?;
        assert_eq!(reply.status(), 200, "{file}");
        assert!(
            reply.headers()[header::CONTENT_TYPE]
                .to_str()?
                .starts_with(content_type),
            "{file}"
        );
        assert!(
            reply.headers()[header::CACHE_CONTROL]
                .to_str()?
                .contains("immutable"),
            "{file}"
        );
    }
    let missing = worker
        .request(Method::GET, "/no-such-page")
        .header(header::ACCEPT, "text/html")
        .send()
        .await?;
    assert_eq!(missing.status(), 404);
    assert!(
        missing.headers()[header::CONTENT_TYPE]
            .to_str()?
            .starts_with("text/html")
    );
    Ok(())
}

#[tokio::test]
async fn a_viewer_token_closes_the_api_and_the_dashboard() -> Result<()> {
    let token = "0123456789abcdef";
    let worker = Worker::start(&[("CHDB_URL", "http://127.0.0.1:1"), ("VIEWER_TOKEN", token)]).await?;
    for path in ["/", "/queries", "/health"] {
        let reply = worker.request(Method::GET, path).send().await?;
        assert_eq!(reply.status(), 401, "{path}");
        assert!(
            reply.headers()[header::WWW_AUTHENTICATE]
                .to_str()?
                .starts_with("Basic ")
        );
    }
    assert_eq!(
        worker
            .request(Method::GET, "/queries")
            .bearer_auth(token)
            .send()
            .await?
            .status(),
        200
    );
    assert_eq!(
        worker
            .request(Method::GET, "/queries")
            .basic_auth("me", Some(token))
            .send()
            .await?
            .status(),
        200
    );
    assert_eq!(
        worker
            .request(Method::GET, "/queries")
            .bearer_auth("0123456789abcdeX")
            .send()
            .await?
            .status(),
        401
    );
    Ok(())
}

#[tokio::test]
async fn without_a_token_only_allowed_names_of_the_host_answer() -> Result<()> {
    let variables = [
        ("CHDB_URL", "http://127.0.0.1:1"),
        ("ALLOWED_HOSTS", "metrics.example"),
    ];
    let worker = Worker::start(&variables).await?;
    let requests = || {
        let json = |path| {
            let request = worker.request(Method::POST, path);
            request
                .header(header::CONTENT_TYPE, "application/json")
                .body("{}")
        };
        let mut requests: Vec<_> = ["/", "/queries", "/download/top_errors.csv", "/nope"]
            .map(|path| worker.request(Method::GET, path))
            .into();
        requests.extend(["/sql", "/query", "/api/ask"].map(json));
        requests
    };
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "metrics.example.evil.example"),
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        for request in requests() {
            let what = format!("{request:?} {name}: {value}");
            let reply = request.header(name, value).send().await?;
            assert_eq!(reply.status(), 403, "{what}");
            let problem: Value = reply.json().await?;
            assert!(
                problem["type"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("/foreign-request")),
                "{what}: {problem}"
            );
        }
    }
    for host in ["localhost:8787", "metrics.example"] {
        for request in requests() {
            let what = format!("{request:?} {host}");
            let reply = request.header(header::HOST, host).send().await?;
            assert_ne!(reply.status(), 403, "{what}");
        }
    }
    // Telemetry is accepted under any host name. This Worker has no ingest.
    let reply = worker
        .request(Method::POST, "/v1/logs")
        .header(header::HOST, "evil.example")
        .send()
        .await?;
    assert_eq!(reply.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_missing_variable_is_named() -> Result<()> {
    let worker = Worker::start(&[]).await?;
    let (status, value) = worker.post("/query", &json!({"query": "top_errors"})).await?;
    assert_eq!(status, 500);
    assert!(problem(&value)?.detail.contains("CHDB_URL"), "{value}");
    Ok(())
}
