//! The time of questions about a lake, by the number of commits of a day or by the number of days, with compaction and
//! without.
//!
//! ```text
//! cargo xtask bench compaction
//! cargo xtask bench compaction 50 50000
//! cargo xtask bench compaction 50000 --only on
//! cargo xtask bench compaction --days 1 30 180
//! ```
//! Each lake of a day has the same rows, and only the number of commits differs. A lake of many days has 50 commits a day.
//! The clock is simulated, so that the commits are spread over the days. The questions are about an hour at noon, the last
//! day and the last 7 days. They are asked in turns over all lakes, so that other programs on the machine disturb all alike.
//! DuckDB then answers the same questions from the same files, as the peer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use lakefront_lake::{CompactionSettings, Lake, LakeConfig, Pace};
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use lakefront_tests::{Engine, LakeAt, python};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use tempfile::TempDir;

const TABLE: &str = "otel_logs";
/// 2026-03-02T00:00:00Z in milliseconds.
const START_MS: i64 = 1_772_409_600_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Milliseconds between two rounds of compaction, as in ingest.
const LOOK_MS: i64 = 5_000;
/// Number of repetitions of a question.
const TIMES: usize = 15;
/// Commits a day, and rows a day, of a lake of many days.
const OF_DAYS: (u64, u64) = (50, 20_000);
/// Rows of a lake of one day.
const ROWS: u64 = 172_800;

static CLOCK_MS: AtomicI64 = AtomicI64::new(START_MS);

/// Measures questions about lakes.
#[derive(Parser)]
struct Options {
    /// Numbers of commits, of a lake of one day each
    #[arg(conflicts_with = "days")]
    commits: Vec<u64>,
    /// Numbers of days, of a lake each
    #[arg(long, num_args = 1..)]
    days: Vec<u64>,
    /// Only with compaction, or only without
    #[arg(long)]
    only: Option<Switch>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Switch {
    Off,
    On,
}

/// A lake to measure.
#[derive(Clone, Copy)]
struct Shape {
    days: u64,
    commits_a_day: u64,
    rows_a_day: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.commits.is_empty() && options.days.is_empty() {
        options.commits.extend([100, 1_000, 10_000]);
    }
    let (commits_a_day, rows_a_day) = OF_DAYS;
    let of_commits = options.commits.iter().map(|commits| Shape {
        days: 1,
        commits_a_day: *commits,
        rows_a_day: ROWS,
    });
    let of_days = options.days.iter().map(|days| Shape {
        days: *days,
        commits_a_day,
        rows_a_day,
    });
    println!(
        "{:>5} {:>7} {:>10} {:>6} {:>9} {:>9} {:>10} {:>8} {:>8} {:>8} {:>26} {:>26}",
        "", "", "", "", "", "", "rewritten", "commit", "commit", "first", "chDB", "DuckDB"
    );
    println!(
        "{:>5} {:>7} {:>10} {:>6} {:>9} {:>9} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "days",
        "commits",
        "compaction",
        "files",
        "manifests",
        "bytes",
        "by written",
        "50, ms",
        "last, ms",
        "24 h ms",
        "1 h ms",
        "24 h ms",
        "7 d ms",
        "1 h ms",
        "24 h ms",
        "7 d ms"
    );
    let mut asked = Vec::new();
    for shape in of_commits.chain(of_days) {
        for switch in [Switch::Off, Switch::On] {
            if options.only.is_none_or(|only| only == switch) {
                asked.push(Asked::write(shape, switch == Switch::On).await?);
            }
        }
    }
    for _ in 0..TIMES {
        for asked in &mut asked {
            asked.ask().await?;
        }
    }
    for asked in &mut asked {
        asked.ask_peer().await?;
    }
    asked.iter().try_for_each(Asked::print)
}

/// A lake that was written, and the times of questions about it.
struct Asked {
    shape: Shape,
    compacts: bool,
    written: Written,
    engine: Engine,
    first: Duration,
    /// The ranges of the questions in milliseconds: an hour, a day and 7 days.
    ranges: [(i64, i64); 3],
    times: [Vec<Duration>; 3],
    /// The median times of the peer, in milliseconds.
    peer: Vec<f64>,
    folder: TempDir,
}

impl Asked {
    /// Writes a lake, and asks each question once.
    async fn write(shape: Shape, compacts: bool) -> Result<Self> {
        CLOCK_MS.store(START_MS, Ordering::Relaxed);
        let folder = tempfile::tempdir()?;
        let written = write(folder.path(), shape, compacts).await?;
        let engine = Engine::start(&LakeAt::folder(folder.path())).await?;
        let end = START_MS + i64::try_from(shape.days)? * DAY_MS;
        let noon = end - DAY_MS / 2;
        let ranges = [
            (noon, noon + HOUR_MS),
            (end - DAY_MS, end),
            (end - 7 * DAY_MS, end),
        ];
        let mut hours = Vec::new();
        let started = Instant::now();
        hours.push(engine.sql(&per_hour(ranges[1])?).await?.rows.len());
        let first = started.elapsed();
        for range in [ranges[0], ranges[2]] {
            hours.push(engine.sql(&per_hour(range)?).await?.rows.len());
        }
        let expected = [24, 1, usize::try_from(shape.days.min(7))? * 24];
        ensure!(hours == expected, "{hours:?} hours, not {expected:?}");
        eprintln!(
            "written: {} days, {} commits a day",
            shape.days, shape.commits_a_day
        );
        Ok(Self {
            shape,
            compacts,
            written,
            engine,
            first,
            ranges,
            times: Default::default(),
            peer: Vec::new(),
            folder,
        })
    }

    /// Asks each question once more.
    async fn ask(&mut self) -> Result<()> {
        for (range, times) in self.ranges.iter().zip(&mut self.times) {
            let question = per_hour(*range)?;
            let started = Instant::now();
            self.engine.sql(&question).await?;
            times.push(started.elapsed());
        }
        Ok(())
    }

    /// Asks the peer each question about as often as the engine.
    async fn ask_peer(&mut self) -> Result<()> {
        let table = self.folder.path().join("otel").join(TABLE);
        let [hour, day, week] = self.ranges.map(per_hour_of_duckdb);
        let arguments = [table.display().to_string(), TIMES.to_string(), hour?, day?, week?];
        let printed = python("duckdb_times.py", &arguments.each_ref().map(String::as_str)).await?;
        self.peer = serde_json::from_str(&printed)?;
        Ok(())
    }

    fn print(&self) -> Result<()> {
        let Self { shape, written, .. } = self;
        print!(
            "{:>5} {:>7} {:>10} {:>6} {:>9} {:>9} {:>10.2} {:>8.2} {:>8.2} {:>8.0}",
            shape.days,
            shape.days * shape.commits_a_day,
            if self.compacts { "on" } else { "off" },
            written.files,
            written.manifests,
            written.bytes,
            written.rewritten as f64 / written.committed as f64,
            millis(written.first_commits),
            millis(written.last_commits),
            millis(self.first),
        );
        for times in &self.times {
            print!(" {:>8.1}", millis(median(times.clone())?));
        }
        for time in &self.peer {
            print!(" {time:>8.1}");
        }
        println!();
        Ok(())
    }
}

/// Returns a question with an answer for each hour.
fn per_hour((from_ms, to_ms): (i64, i64)) -> Result<String> {
    let (from, to) = (clock(from_ms)?, clock(to_ms)?);
    Ok(format!(
        "SELECT toStartOfHour(Timestamp) AS hour, count(), countIf(SeverityNumber >= 17), uniq(ServiceName) \
         FROM otel_logs WHERE Timestamp >= '{from}' AND Timestamp < '{to}' GROUP BY hour ORDER BY hour"
    ))
}

/// Returns the same question in DuckDB's dialect.
fn per_hour_of_duckdb((from_ms, to_ms): (i64, i64)) -> Result<String> {
    let (from, to) = (clock(from_ms)?, clock(to_ms)?);
    Ok(format!(
        "SELECT date_trunc('hour', Timestamp) AS hour, count(*), count_if(SeverityNumber >= 17), approx_count_distinct(ServiceName) \
         FROM lake WHERE Timestamp >= '{from}' AND Timestamp < '{to}' GROUP BY hour ORDER BY hour"
    ))
}

fn clock(ms: i64) -> Result<String> {
    let time = Timestamp::from_millisecond(ms)?;
    Ok(time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("no times")
}

/// A lake that was written.
struct Written {
    files: usize,
    manifests: usize,
    /// Bytes of the current files.
    bytes: u64,
    /// Bytes of all files that were committed by appends.
    committed: u64,
    /// Bytes of all files that compactions replaced.
    rewritten: u64,
    /// Median time of the first 50 commits, with the writing of their files.
    first_commits: Duration,
    /// Median time of the last tenth of the commits.
    last_commits: Duration,
}

async fn write(folder: &Path, shape: Shape, compacts: bool) -> Result<Written> {
    let lake = Lake::open(LakeConfig {
        now_ms: || CLOCK_MS.load(Ordering::Relaxed),
        ..LakeConfig::new(folder)
    })
    .await?;
    let (mut committed, mut rewritten) = (0, 0);
    let mut times = Vec::new();
    let mut looked = START_MS;
    let commits = shape.days * shape.commits_a_day;
    let all_rows = shape.days * shape.rows_a_day;
    let between = i64::try_from(shape.days)? * DAY_MS / i64::try_from(commits)?;
    for number in 0..commits {
        let now = START_MS + between * i64::try_from(number + 1)?;
        CLOCK_MS.store(now, Ordering::Relaxed);
        let [from, to] = [number, number + 1].map(|number| number * all_rows / commits);
        let rows = rows(from, to, shape.rows_a_day)?;
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
    let state = lake.state(TABLE).await?;
    let first = times.len().min(50);
    let last = times.len() - times.len().div_ceil(10);
    Ok(Written {
        files: state.files.len(),
        manifests: state.manifests,
        bytes: state
            .files
            .iter()
            .map(|file| file.file.file_size_in_bytes())
            .sum(),
        committed,
        rewritten,
        first_commits: median(times[..first].to_vec())?,
        last_commits: median(times[last..].to_vec())?,
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

/// Returns the rows with these numbers, evenly spread over the days.
fn rows(from: u64, to: u64, rows_a_day: u64) -> Result<arrow_array::RecordBatch> {
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
    let step = u64::try_from(DAY_MS)? * 1_000_000 / rows_a_day;
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
