//! The time of a question about a day, by the number of commits that the day was written in, with compaction and
//! without.
//!
//! ```text
//! cargo xtask bench compaction
//! cargo xtask bench compaction 50 50000
//! ```
//! Each lake has the same rows: a day of log records. Only the number of commits differs. The clock is simulated, so that
//! the commits are spread over the day.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lakefront_lake::{CompactionSettings, Lake, LakeConfig, Pace};
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use lakefront_tests::{Engine, LakeAt};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;

const TABLE: &str = "otel_logs";
/// Rows of the day.
const ROWS: u64 = 172_800;
/// 2026-03-02T00:00:00Z in milliseconds.
const START_MS: i64 = 1_772_409_600_000;
const DAY_MS: i64 = 86_400_000;
/// Milliseconds between two rounds of compaction, as in ingest.
const LOOK_MS: i64 = 5_000;
/// Number of repetitions of the question.
const TIMES: usize = 9;

static CLOCK_MS: AtomicI64 = AtomicI64::new(START_MS);

#[tokio::main]
async fn main() -> Result<()> {
    let mut counts: Vec<u64> = Vec::new();
    for argument in std::env::args().skip(1) {
        counts.push(argument.parse().context("expected numbers of commits")?);
    }
    if counts.is_empty() {
        counts.extend([100, 1_000, 10_000]);
    }
    println!(
        "{:>7} {:>10} {:>6} {:>9} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "commits", "compaction", "files", "bytes", "rewritten", "commit ms", "first ms", "24 h ms", "1 h ms"
    );
    for count in counts {
        for compacts in [false, true] {
            measure(count, compacts).await?;
        }
    }
    Ok(())
}

async fn measure(commits: u64, compacts: bool) -> Result<()> {
    CLOCK_MS.store(START_MS, Ordering::Relaxed);
    let folder = tempfile::tempdir()?;
    let written = write(folder.path(), commits, compacts).await?;

    let engine = Engine::start(&LakeAt::folder(folder.path())).await?;
    let day = "SELECT toStartOfHour(Timestamp) AS hour, count(), countIf(SeverityNumber >= 17), uniq(ServiceName) \
               FROM otel_logs WHERE Timestamp >= '2026-03-02 00:00:00' AND Timestamp < '2026-03-03 00:00:00' \
               GROUP BY hour ORDER BY hour";
    let hour = "SELECT count(), countIf(SeverityNumber >= 17) FROM otel_logs \
                WHERE Timestamp >= '2026-03-02 12:00:00' AND Timestamp < '2026-03-02 13:00:00'";
    let started = Instant::now();
    ensure!(engine.sql(day).await?.rows.len() == 24, "24 hours");
    let first = started.elapsed();
    println!(
        "{commits:>7} {:>10} {:>6} {:>9} {:>10.2} {:>10.2} {:>9.0} {:>9.1} {:>9.1}",
        if compacts { "on" } else { "off" },
        written.files,
        written.bytes,
        written.rewritten as f64 / written.committed as f64,
        millis(written.commit),
        millis(first),
        millis(median(&engine, day).await?),
        millis(median(&engine, hour).await?),
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn median(engine: &Engine, sql: &str) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        engine.sql(sql).await?;
        times.push(started.elapsed());
    }
    times.sort();
    Ok(times[TIMES / 2])
}

/// A lake that was written.
struct Written {
    files: usize,
    /// Bytes of the current files.
    bytes: u64,
    /// Bytes of all files that were committed by appends.
    committed: u64,
    /// Bytes of all files that compactions replaced.
    rewritten: u64,
    /// Median time of a commit, with the writing of its file.
    commit: Duration,
}

async fn write(folder: &Path, commits: u64, compacts: bool) -> Result<Written> {
    let lake = Lake::open(LakeConfig {
        now_ms: || CLOCK_MS.load(Ordering::Relaxed),
        ..LakeConfig::new(folder)
    })
    .await?;
    let (mut committed, mut rewritten) = (0, 0);
    let mut times = Vec::new();
    let mut looked = START_MS;
    for number in 0..commits {
        let now = START_MS + DAY_MS / i64::try_from(commits)? * i64::try_from(number + 1)?;
        CLOCK_MS.store(now, Ordering::Relaxed);
        let rows = rows(number * ROWS / commits, (number + 1) * ROWS / commits)?;
        let started = Instant::now();
        let files = lake.write(TABLE, rows).await?;
        lake.append(TABLE, &files, None).await?;
        times.push(started.elapsed());
        committed += files.iter().map(|file| file.file_size_in_bytes()).sum::<u64>();
        if compacts && now - looked >= LOOK_MS {
            looked = now;
            rewritten += compact(&lake).await?;
        }
    }
    times.sort();
    let files = lake.files(TABLE).await?;
    Ok(Written {
        files: files.len(),
        bytes: files.iter().map(|file| file.file.file_size_in_bytes()).sum(),
        committed,
        rewritten,
        commit: times[times.len() / 2],
    })
}

/// Compacts what is due, and returns the bytes of the replaced files.
async fn compact(lake: &Lake) -> Result<u64> {
    let settings = CompactionSettings::default();
    let pace = Arc::new(Pace::new(100));
    let mut bytes = 0;
    for group in lake.plan_compaction(TABLE, &settings).await?.groups {
        bytes += lake.compact(&group, &settings, &pace).await?.bytes_before;
    }
    Ok(bytes)
}

/// Returns the rows with these numbers, evenly spread over the day.
fn rows(from: u64, to: u64) -> Result<arrow_array::RecordBatch> {
    let text = |text: String| {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        })
    };
    let attribute = |key: &str, value: String| KeyValue {
        key: key.to_owned(),
        value: text(value),
        ..KeyValue::default()
    };
    let start = u64::try_from(START_MS)? * 1_000_000;
    let step = u64::try_from(DAY_MS)? * 1_000_000 / ROWS;
    let record = |number: u64| LogRecord {
        time_unix_nano: start + number * step,
        severity_number: if number.is_multiple_of(20) { 17 } else { 9 },
        body: text(format!("GET /products/{} took {} ms", number % 997, number % 311)),
        attributes: vec![
            attribute("url.path", format!("/products/{}", number % 997)),
            attribute("user.id", format!("user-{}", number * 7919 % 5_003)),
        ],
        ..LogRecord::default()
    };
    let service = |service: u64| ResourceLogs {
        resource: Some(Resource {
            attributes: vec![attribute("service.name", format!("service-{service}"))],
            ..Resource::default()
        }),
        scope_logs: vec![ScopeLogs {
            log_records: (from..to)
                .filter(|number| number % 3 == service)
                .map(record)
                .collect(),
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    };
    let request = ExportLogsServiceRequest {
        resource_logs: (0..3).map(service).collect(),
    };
    let context = RequestContext {
        sender: None,
        user_agent: "",
        country: "",
        arrival: 0,
    };
    let mut builder = LogsBuilder::new();
    builder.append(&request, &context, i64::try_from(from)?)?;
    Ok(builder.finish())
}
