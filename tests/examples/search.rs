//! Measures searches, a trace and a metric on the lake and in ClickHouse, and nine full-text questions, also with a text index, in DuckDB and
//! with grep.
//!
//! ```text
//! cargo xtask bench search [events a day] [days]
//! ```
//! The nine questions follow the kinds of those with which ClickHouse compares itself to Elasticsearch on logs of the OpenTelemetry demo:
//! three that find lines, two that count them, two that group them, two over time.
//! <https://clickhouse.com/blog/elasticsearch-log-analytics-clickhouse>

#[path = "filled/mod.rs"]
mod filled;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_clickhouse_http::Answer;
use lakefront_tests::{ClickHouse, Stack, Worker, python};
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
        &["order", "placed"],
        true,
        LINES,
        NEWEST,
    ),
    question(
        "3 lines with a word that is nowhere",
        &["segfault"],
        true,
        LINES,
        NEWEST,
    ),
    question("4 count of a word", &["payment"], true, "count(*)", ""),
    question(
        "5 count of one of two",
        &["timeout", "failed"],
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
        &["order"],
        true,
        "SeverityText, count(*) AS n",
        "GROUP BY SeverityText ORDER BY n DESC",
    ),
    question(
        "8 by hour",
        &["failed"],
        true,
        "date_trunc('hour', Timestamp) AS hour, count(*)",
        "GROUP BY hour ORDER BY hour",
    ),
    question(
        "9 by day and service",
        &["payment"],
        true,
        "date_trunc('day', Timestamp) AS day, ServiceName, count(*)",
        "GROUP BY day, ServiceName ORDER BY day, ServiceName",
    ),
];

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
    let filled = Filled::start().await?;
    let (stack, clickhouse) = (&filled.stack, &filled.clickhouse);
    let servers = json!([{"name": "clickhouse", "url": clickhouse.url()}]).to_string();
    let worker = Worker::start(&[("CHDB_URL", stack.engine_url()), ("CLICKHOUSE", &servers)]).await?;
    pages(&worker, stack).await?;
    println!("\nnine questions over {} days", filled.days);
    full_text(stack, clickhouse).await
}

/// What the pages Logs, Traces and Metrics ask.
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
async fn full_text(stack: &Stack, clickhouse: &ClickHouse) -> Result<()> {
    let began = Instant::now();
    for sql in [
        "CREATE TABLE otel.logs_plain (Timestamp DateTime64(6, 'UTC'), ServiceName LowCardinality(String), \
         SeverityText LowCardinality(String), Body String) ENGINE = MergeTree ORDER BY (ServiceName, Timestamp)",
        "INSERT INTO otel.logs_plain SELECT Timestamp, ServiceName, SeverityText, Body FROM otel.otel_logs",
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
        "INSERT INTO otel.logs_text SELECT Timestamp, ServiceName, SeverityText, Body FROM otel.otel_logs",
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
    let rows = stack
        .sql("SELECT count(), sum(length(Body)) FROM otel_logs")
        .await?
        .rows;
    println!("log records and bytes of their text: {rows:?}");

    let table = stack.lake().path()?.join("otel/otel_logs").display().to_string();
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

    let folder = tempfile::tempdir()?;
    let raw = raw_text(stack, folder.path()).await?;
    println!(
        "\n{:<38} {:>8} {:>8} {:>12} {:>12} {:>8} {:>8}",
        "median of 7, ms", "rows", "lake", "ClickHouse", "text index", "DuckDB", "grep"
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
                    stack.sql(&sql).await
                } else {
                    clickhouse.sql(&sql).await
                }
            };
            let rows = ask().await?.rows;
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
    Ok(())
}

/// Writes the text of each log record into a file, a line each, the newest first. Returns its path.
async fn raw_text(stack: &Stack, folder: &Path) -> Result<String> {
    let path = folder.join("raw.txt");
    let mut text = String::new();
    let days = stack
        .sql("SELECT DISTINCT toDate(Timestamp)::String FROM otel_logs ORDER BY 1 DESC")
        .await?;
    for day in days.rows.iter().filter_map(|row| row[0].as_str()) {
        for hour in (0..24).rev() {
            let lines = stack
                .sql(&format!(
                    "SELECT arrayStringConcat(groupArray(replaceAll(Body, '\n', ' ')), '\n') FROM (SELECT Body FROM otel_logs \
                     WHERE toStartOfHour(Timestamp) = toDateTime('{day} {hour:02}:00:00', 'UTC') ORDER BY Timestamp DESC)"
                ))
                .await?;
            if let Some(lines) = lines.rows.first().and_then(|row| row[0].as_str()) {
                text.push_str(lines);
                text.push('\n');
            }
        }
    }
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
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
