//! Measures searches, a trace and a metric on the lake and in ClickHouse, and nine full-text questions, also with a text index, in DuckDB and
//! with grep.
//!
//! ```text
//! cargo xtask bench search [events a day] [days]
//! cargo xtask bench search text    the full-text questions alone
//! ```
//! The nine questions follow the kinds of those with which ClickHouse compares itself to Elasticsearch on logs of the OpenTelemetry demo:
//! three that find lines, two that count them, two that group them, two over time.
//! <https://clickhouse.com/blog/elasticsearch-log-analytics-clickhouse>
//! A second table says what the lake could skip if each row group or page had a list of its words, in three orders of rows.

#[path = "filled/mod.rs"]
mod filled;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_clickhouse_http::Answer;
use lakefront_lake::{Lake, LakeConfig, Layout};
use lakefront_tests::{ClickHouse, Engine, LakeAt, Stack, Worker, log_rows, python};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::json;
use tokio::time::Instant;

use filled::Filled;

/// How often each question is asked.
const TIMES: usize = 7;

/// A full-text question: its words, of which one or all must be in the text, and the rest of the statement.
struct Question {
    name: &'static str,
    words: &'static [&'static str],
    all: bool,
    select: &'static str,
    end: &'static str,
}

const fn question(
    name: &'static str,
    words: &'static [&'static str],
    all: bool,
    select: &'static str,
    end: &'static str,
) -> Question {
    Question {
        name,
        words,
        all,
        select,
        end,
    }
}

const NEWEST: &str = "ORDER BY Timestamp DESC LIMIT 50";
const LINES: &str = "Timestamp, ServiceName, Body";
/// The dialects of ClickHouse and DuckDB have these in common.
const QUESTIONS: [Question; 9] = [
    question("1 lines with a frequent word", &["order"], true, LINES, NEWEST),
    question(
        "2 lines with two words",
        &["payment", "declined"],
        true,
        LINES,
        NEWEST,
    ),
    question("3 lines with a rare word", &["segfault"], true, LINES, NEWEST),
    question("4 count of a word", &["declined"], true, "count(*)", ""),
    question(
        "5 count of one of two",
        &["timeout", "refused"],
        false,
        "count(*)",
        "",
    ),
    question(
        "6 by service",
        &["failed"],
        true,
        "ServiceName, count(*) AS n",
        "GROUP BY ServiceName ORDER BY n DESC",
    ),
    question(
        "7 by severity",
        &["payment"],
        true,
        "SeverityText, count(*) AS n",
        "GROUP BY SeverityText ORDER BY n DESC",
    ),
    question(
        "8 by hour",
        &["refused"],
        true,
        "date_trunc('hour', Timestamp) AS hour, count(*)",
        "GROUP BY hour ORDER BY hour",
    ),
    question(
        "9 by day and service",
        &["failed"],
        true,
        "date_trunc('day', Timestamp) AS day, ServiceName, count(*)",
        "GROUP BY day, ServiceName ORDER BY day, ServiceName",
    ),
];

/// Lines of log records, in the style of the OpenTelemetry demo, with how many of 10,000 lines are one. `N` is a number and `H` an id.
const TEXTS: [(&str, u32); 9] = [
    (
        "order placed: id=H user_id=N items=N total=N EUR shipping=standard",
        2_400,
    ),
    (
        "GetProduct request: product_id=H, found in catalog, price_units=N, took N ms",
        2_500,
    ),
    (
        "Targeted ad request received for [telescopes, accessories] session H",
        2_000,
    ),
    (
        "Convert conversion successful from EUR to USD, amount N, rate N",
        1_600,
    ),
    ("recommendations for H: [N, N, N, N] from cache, age N s", 1_380),
    ("payment went through, transaction_id=H amount=N", 90),
    (
        "payment declined: card ends with N, reason=insufficient_funds transaction=H",
        20,
    ),
    (
        "failed to charge card: could not reach payment service: connection refused: 10.0.N.N:50051",
        7,
    ),
    ("request timeout after N ms: upstream cart H", 3),
];
const SERVICES: [&str; 8] = [
    "checkout",
    "product-catalog",
    "ad",
    "currency",
    "recommendation",
    "payment",
    "cart",
    "frontend",
];
/// Log records in all, and of a commit.
const RECORDS: u64 = 2_000_000;
const OF_A_COMMIT: u64 = 100_000;
/// 2026-03-02T00:00:00Z in nanoseconds.
const BEGIN: u64 = 1_772_409_600_000_000_000;
const DAYS: u64 = 14;

impl Question {
    /// Returns the statement, where `condition` is the condition of a word.
    fn sql(&self, from: &str, condition: impl Fn(&str) -> String) -> String {
        let words: Vec<_> = self.words.iter().map(|word| condition(word)).collect();
        let condition = words.join(if self.all { " AND " } else { " OR " });
        format!(
            "SELECT {} FROM {from} WHERE {condition} {}",
            self.select, self.end
        )
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("text") {
        return full_text().await;
    }
    let filled = Filled::start().await?;
    let (stack, clickhouse) = (&filled.stack, &filled.clickhouse);
    let servers = json!([{"name": "clickhouse", "url": clickhouse.url()}]).to_string();
    let worker = Worker::start(&[("CHDB_URL", stack.engine_url()), ("CLICKHOUSE", &servers)]).await?;
    pages(&worker, stack).await?;
    println!("({} days in all)", filled.days);
    drop(worker);
    drop(filled);
    full_text().await
}

/// Times the questions of the pages Logs, Traces and Metrics.
async fn pages(worker: &Worker, stack: &Stack) -> Result<()> {
    let trace = stack
        .sql("SELECT TraceId FROM otel_traces ORDER BY Timestamp DESC LIMIT 1")
        .await?;
    let trace = trace
        .rows
        .first()
        .and_then(|row| row[0].as_str())
        .context("no trace")?;
    let search = |text: &str, range: &str, wanted: &str| {
        let body = json!({"signal": "logs", "query": text, "timeRange": range, "wanted": wanted});
        ("/search", body)
    };
    let asked = [
        ("50 lines, no condition, 24 h", search("", "24h", "rows")),
        ("50 lines, `order`, 24 h", search("order", "24h", "rows")),
        (
            "50 lines, `level:error`, 24 h",
            search("level:error", "24h", "rows"),
        ),
        (
            "50 lines, `segfault` (nowhere), 24 h",
            search("segfault", "24h", "rows"),
        ),
        ("bars of `order`, 24 h", search("order", "24h", "histogram")),
        (
            "50 lines, `segfault` (nowhere), 7 d",
            search("segfault", "7d", "rows"),
        ),
        (
            "a trace by its id, 24 h",
            (
                "/query",
                json!({"query": "trace_spans", "timeRange": "24h", "params": {"trace_id": trace}}),
            ),
        ),
        (
            "a metric, 7 d",
            (
                "/query",
                json!({"query": "metric_gauge", "timeRange": "7d", "params": {"metric": "process.memory.usage", "seconds": 3600}}),
            ),
        ),
    ];
    println!(
        "\n{:<38} {:>10} {:>12}",
        "through the router, p50 of 7", "lake, ms", "ClickHouse"
    );
    for (name, (path, body)) in asked {
        let mut line = format!("{name:<38}");
        for backend in ["chdb", "clickhouse"] {
            let mut body = body.clone();
            body["backend"] = backend.into();
            let took = median(async || {
                let (status, text) = worker.send(path, &body).await?;
                ensure!(status.is_success(), "{name} on {backend}: {text}");
                Ok(())
            })
            .await?;
            write!(line, " {:>10.0}", took.as_secs_f64() * 1e3)?;
        }
        println!("{line}");
    }
    Ok(())
}

/// The nine questions over all days, in the text of log records alone.
async fn full_text() -> Result<()> {
    let (folder, disk) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let place = LakeAt::folder(folder.path().join("lake"));
    let lake = Lake::open(LakeConfig::at(place.place()?)).await?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut raw = Vec::new();
    for first in (0..RECORDS).step_by(OF_A_COMMIT as usize) {
        let lines = (first..first + OF_A_COMMIT).map(|number| line(number, &mut random));
        let lines: Vec<LogRecord> = lines.collect();
        raw.extend(lines.iter().map(text));
        let resources = SERVICES.iter().enumerate().map(|(at, service)| {
            let of_service = lines.iter().skip(at).step_by(SERVICES.len());
            ResourceLogs {
                resource: Some(Resource {
                    attributes: vec![KeyValue {
                        key: "service.name".into(),
                        value: Some(any(service)),
                        ..KeyValue::default()
                    }],
                    ..Resource::default()
                }),
                scope_logs: vec![ScopeLogs {
                    log_records: of_service.cloned().collect(),
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }
        });
        let request = ExportLogsServiceRequest {
            resource_logs: resources.collect(),
        };
        let written = lake
            .write("otel_logs", log_rows(&request, first as i64 + 1)?)
            .await?;
        lake.append("otel_logs", &written, None).await?;
    }
    let path = folder.path().join("raw.txt");
    // The newest first, as the questions want them.
    raw.reverse();
    std::fs::write(&path, raw.join("\n"))?;
    let raw = path.display().to_string();
    let engine = Engine::start(&place).await?;
    let clickhouse = ClickHouse::embedded(disk.path(), Some(&place)).await?;
    let table = place.path()?.join("otel/otel_logs").display().to_string();
    let copied = "SELECT Timestamp, ServiceName, SeverityText, Body FROM icebergLocal('otel/otel_logs')";
    let began = Instant::now();
    for sql in [
        "CREATE DATABASE IF NOT EXISTS otel",
        "CREATE TABLE otel.logs_plain (Timestamp DateTime64(6, 'UTC'), ServiceName LowCardinality(String), \
         SeverityText LowCardinality(String), Body String) ENGINE = MergeTree ORDER BY (ServiceName, Timestamp)",
        &format!("INSERT INTO otel.logs_plain {copied}"),
        "OPTIMIZE TABLE otel.logs_plain FINAL",
    ] {
        clickhouse.sql(sql).await?;
    }
    let plain = began.elapsed();
    let began = Instant::now();
    for sql in [
        "CREATE TABLE otel.logs_text (Timestamp DateTime64(6, 'UTC'), ServiceName LowCardinality(String), \
         SeverityText LowCardinality(String), Body String, INDEX words lower(Body) TYPE text(tokenizer = 'splitByNonAlpha')) \
         ENGINE = MergeTree ORDER BY (ServiceName, Timestamp)",
        &format!("INSERT INTO otel.logs_text {copied}"),
        "OPTIMIZE TABLE otel.logs_text FINAL",
    ] {
        clickhouse.sql(sql).await?;
    }
    let size = "SELECT table, sum(bytes_on_disk), sum(secondary_indices_compressed_bytes) FROM system.parts \
                WHERE active AND table IN ('logs_plain', 'logs_text') GROUP BY table ORDER BY table";
    println!(
        "\nwritten and merged in {:.0} s without a text index and {:.0} s with one; bytes of table and indexes: {:?}",
        plain.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        clickhouse.sql(size).await?.rows,
    );
    let rows = engine
        .sql("SELECT count(), sum(length(Body)) FROM otel_logs")
        .await?
        .rows;
    println!("log records and bytes of their text: {rows:?}");

    let of_duckdb = QUESTIONS.map(|question| {
        question.sql("lake", |word| {
            format!("regexp_matches(Body, '(?i)(^|[^0-9A-Za-z]){word}([^0-9A-Za-z]|$)')")
        })
    });
    let arguments: Vec<&str> = [table.as_str(), "7"]
        .into_iter()
        .chain(of_duckdb.iter().map(String::as_str))
        .collect();
    let duckdb: Vec<f64> = serde_json::from_str(&python("duckdb_times.py", &arguments).await?)?;

    println!(
        "\n{:<38} {:>8} {:>11} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "median of 7, ms", "rows", "lake, first", "lake", "ClickHouse", "text index", "DuckDB", "grep"
    );
    for (question, duckdb) in QUESTIONS.iter().zip(duckdb) {
        let scanned = |word: &str| format!("hasTokenCaseInsensitive(Body, '{word}')");
        let indexed = |word: &str| format!("hasAllTokens(lower(Body), ['{word}'])");
        let on_lake = question.sql("otel_logs", scanned);
        let (mut found, mut line) = (None, String::new());
        for (sql, is_lake) in [
            (on_lake, true),
            (question.sql("otel.logs_plain", scanned), false),
            (question.sql("otel.logs_text", indexed), false),
        ] {
            let ask = async || -> Result<Answer> {
                if is_lake {
                    engine.sql(&sql).await
                } else {
                    clickhouse.sql(&sql).await
                }
            };
            let began = Instant::now();
            let rows = ask().await?.rows;
            if is_lake {
                // The engine keeps which row groups a condition did not fit, so that the first time is another.
                write!(line, "{:>11.1}", began.elapsed().as_secs_f64() * 1e3)?;
            }
            let number = if question.select == "count(*)" {
                rows[0][0].to_string()
            } else {
                rows.len().to_string()
            };
            ensure!(
                found.as_ref().is_none_or(|found| *found == number),
                "{sql}: {number} and {found:?}"
            );
            found = Some(number);
            let took = median(async || ask().await.map(drop)).await?;
            write!(line, " {:>10.1}", took.as_secs_f64() * 1e3)?;
        }
        // grep finds lines and counts them; it does not group.
        let grep = if question.select == "count(*)" || question.end == NEWEST {
            format!("{:.0}", grep(&raw, question)?.as_secs_f64() * 1e3)
        } else {
            "–".to_owned()
        };
        println!(
            "{:<38} {:>8} {line} {duckdb:>8.1} {grep:>8}",
            question.name,
            found.unwrap_or_default()
        );
    }
    skipped(&clickhouse).await
}

/// Prints the share of row groups and of pages that hold the words of each question, in a lake of one file a day, for three orders of rows
/// within the file. The others could be skipped by an exact list of the words of each. Then the bytes of the text by order, and of the lists as
/// bloom filters.
async fn skipped(clickhouse: &ClickHouse) -> Result<()> {
    let layout = Layout::default();
    let row_group = layout.row_group_rows;
    let shape = "replaceRegexpAll(Body, '[0-9a-f]*[0-9][0-9a-f]*', '*')";
    let orders = [
        ("service, time (the lake)", "ServiceName, Timestamp".to_owned()),
        ("time", "Timestamp".to_owned()),
        ("shape of the text, time", format!("{shape}, Timestamp")),
    ];
    let numbered = |order: &str| {
        format!(
            "SELECT toDate(Timestamp) AS day, Body, row_number() OVER (PARTITION BY day ORDER BY {order}) - 1 AS number FROM otel.logs_plain"
        )
    };
    print!("\n{:<38}", "% of row groups, and of pages, with it");
    orders.iter().for_each(|(name, _)| print!(" {name:>26}"));
    println!();
    for question in &QUESTIONS {
        let condition = question
            .words
            .iter()
            .map(|word| format!("hasTokenCaseInsensitive(Body, '{word}')"));
        let condition = condition
            .collect::<Vec<_>>()
            .join(if question.all { " AND " } else { " OR " });
        print!("{:<38}", question.name);
        for (_, order) in &orders {
            let share = |rows: usize| {
                let part = format!("(day, intDiv(number, {rows}))");
                format!("round(100 * uniqExactIf({part}, {condition}) / uniqExact({part}), 1)")
            };
            let sql = format!(
                "SELECT {}, {} FROM ({})",
                share(row_group),
                share(layout.page_rows),
                numbered(order)
            );
            let rows = clickhouse.sql(&sql).await?.rows;
            print!(" {:>26}", format!("{} / {}", rows[0][0], rows[0][1]));
        }
        println!();
    }
    for (name, order) in &orders {
        let table = format!("bytes_{}", name.split([' ', ',']).next().unwrap_or_default());
        for sql in [
            &format!(
                "CREATE TABLE otel.{table} (day Date, Body String CODEC(ZSTD(1)), number UInt64) ENGINE = MergeTree ORDER BY (day, number)"
            ),
            &format!(
                "INSERT INTO otel.{table} SELECT day, Body, number FROM ({})",
                numbered(order)
            ),
            &format!("OPTIMIZE TABLE otel.{table} FINAL"),
        ] {
            clickhouse.sql(sql).await?;
        }
        let bytes = format!(
            "SELECT sum(column_data_compressed_bytes) FROM system.parts_columns WHERE active AND table = '{table}' AND column = 'Body'"
        );
        println!(
            "bytes of the text, zstd 1, by {name}: {}",
            clickhouse.sql(&bytes).await?.rows[0][0]
        );
    }
    let filters = format!(
        "SELECT round(sum(words) * 9.6 / 8), sum(words) FROM (SELECT uniqExactArray(splitByNonAlpha(lower(Body))) AS words \
         FROM ({}) GROUP BY day, intDiv(number, {row_group}))",
        numbered(&orders[0].1)
    );
    let rows = clickhouse.sql(&filters).await?.rows;
    println!(
        "bytes of bloom filters of the words of each row group, at 9.6 bits a word (1 % wrong): {} for {} words",
        rows[0][0], rows[0][1]
    );
    Ok(())
}

/// Returns a log record with one of the texts.
fn line(number: u64, random: &mut fastrand::Rng) -> LogRecord {
    let mut at = random.u32(0..10_000);
    let kind = TEXTS.iter().find(|(_, share)| {
        let is_it = at < *share;
        at = at.saturating_sub(*share);
        is_it
    });
    let (text, _) = kind.unwrap_or(&TEXTS[0]);
    let mut body: String = text
        .split_inclusive(|letter: char| !letter.is_ascii_alphanumeric())
        .map(
            |word| match word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric()) {
                "N" => word.replacen('N', &random.u32(1..10_000).to_string(), 1),
                "H" => word.replacen('H', &format!("{:016x}", random.u64(..)), 1),
                _ => word.to_owned(),
            },
        )
        .collect();
    if number % 700_001 == 700_000 {
        body += " segfault";
    }
    let is_error = ["failed", "declined", "timeout"]
        .iter()
        .any(|word| body.contains(word));
    LogRecord {
        time_unix_nano: BEGIN + number * (DAYS * 86_400_000_000_000 / RECORDS),
        severity_number: if is_error { 17 } else { 9 },
        severity_text: if is_error { "ERROR" } else { "INFO" }.into(),
        body: Some(any(&body)),
        ..LogRecord::default()
    }
}

fn any(text: &str) -> AnyValue {
    AnyValue {
        value: Some(Any::StringValue(text.to_owned())),
    }
}

fn text(record: &LogRecord) -> String {
    match record.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Returns the median time in which grep answers.
fn grep(raw: &str, question: &Question) -> Result<Duration> {
    let (first, rest) = question.words.split_first().context("no word")?;
    let most = if question.end == NEWEST { "-m 50" } else { "-c" };
    let command = match (rest, question.all) {
        ([], _) => format!("grep -iw {most} {first} {raw}"),
        ([second], true) => format!("grep -iw {first} {raw} | grep -iw {most} {second}"),
        _ => format!("grep -iwE {most} '{}' {raw}", question.words.join("|")),
    };
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        // grep exits with 1 where it finds nothing.
        Command::new("sh")
            .args(["-c", &command])
            .env("LC_ALL", "C")
            .output()?;
        took.push(began.elapsed());
    }
    took.sort();
    Ok(took[took.len() / 2])
}

/// Returns the median time of some calls after a first one.
async fn median(mut call: impl AsyncFnMut() -> Result<()>) -> Result<Duration> {
    call().await?;
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        call().await?;
        took.push(began.elapsed());
    }
    took.sort();
    Ok(took[took.len() / 2])
}
