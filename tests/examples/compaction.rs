//! The time of questions about a lake, by the number of commits of a day or by the number of days: with compaction, without,
//! and committed by `fast_append` of the iceberg crate.
//!
//! ```text
//! cargo xtask bench compaction
//! cargo xtask bench compaction 50 50000
//! cargo xtask bench compaction 50000 --only on
//! cargo xtask bench compaction 100 1000 --only fast-append
//! cargo xtask bench compaction --days 1 30 180
//! cargo xtask bench compaction 50 1000 --only on --s3
//! ```
//! Each lake of a day has the same rows, and only the number of commits differs. A lake of many days has 50 commits a day.
//! The clock is simulated, so that the commits are spread over the days. The questions are about an hour at noon, the last
//! day and the last 7 days. They are asked in turns over all lakes, so that other programs on the machine disturb all alike.
//! DuckDB then answers the same questions from the same files, as the peer. A lake that is slow is asked for a minute, and
//! `fast_append` gets [`MOST_FAST_APPENDS`] commits unless it is asked for, as its commits become slower and slower.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use iceberg::io::LocalFsStorageFactory;
use iceberg::spec::{Datum, PrimitiveLiteral};
use iceberg::table::Table;
use iceberg::transaction::{ApplyTransactionAction, Transaction};
use iceberg::{Catalog, CatalogBuilder, TableIdent};
use iceberg_catalog_sql::{
    SQL_CATALOG_PROP_BIND_STYLE, SQL_CATALOG_PROP_URI, SQL_CATALOG_PROP_WAREHOUSE, SqlBindStyle, SqlCatalog,
    SqlCatalogBuilder,
};
use jiff::Timestamp;
use lakefront_lake::{CompactionSettings, DataFile, Lake, LakeConfig, Pace, TableState};
use lakefront_tests::{Engine, LakeAt, S3Lake, log_rows, python};
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
/// Time after which a lake gets no further questions, unless each was asked [`LEAST_TIMES`].
const LONGEST: Duration = Duration::from_secs(60);
const LEAST_TIMES: usize = 3;
/// Time between two lines about the progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// Most commits by `fast_append`, unless it is asked for.
const MOST_FAST_APPENDS: u64 = 1_000;
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
    /// Only lakes that were written in one way
    #[arg(long)]
    only: Option<Way>,
    /// Lakes on an S3 store behind a REST catalog, on this machine
    #[arg(long)]
    s3: bool,
}

/// How a lake is written.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Way {
    /// Without compaction
    Off,
    /// With compaction
    On,
    /// By the iceberg crate
    FastAppend,
}

/// A lake to measure.
#[derive(Clone, Copy)]
struct Shape {
    days: u64,
    commits_a_day: u64,
    rows_a_day: u64,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::FastAppend => "fast-append",
        }
    }
}

impl Shape {
    fn commits(&self) -> u64 {
        self.days * self.commits_a_day
    }

    /// Returns the words for a lake of that shape.
    fn name(&self, way: Way) -> String {
        format!(
            "{} commits in {} days, compaction {}",
            self.commits(),
            self.days,
            way.name()
        )
    }

    /// Returns the ranges of the questions in milliseconds: an hour, a day and 7 days.
    fn ranges(&self) -> Result<[(i64, i64); 3]> {
        let end = START_MS + i64::try_from(self.days)? * DAY_MS;
        let noon = end - DAY_MS / 2;
        Ok([
            (noon, noon + HOUR_MS),
            (end - DAY_MS, end),
            (end - 7 * DAY_MS, end),
        ])
    }

    /// Returns true if a lake of that shape is written in that way when no way was asked for.
    fn takes(&self, way: Way, s3: bool) -> bool {
        way != Way::FastAppend || (!s3 && self.days == 1 && self.commits_a_day <= MOST_FAST_APPENDS)
    }
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
        "{:>5} {:>7} {:>12} {:>6} {:>17} {:>9} {:>9} {:>9} {:>8} {:>10} {:>8} {:>8} {:>8} {:>26} {:>26}",
        "",
        "",
        "",
        "",
        "files of",
        "",
        "",
        "",
        "bytes a",
        "rewritten",
        "commit",
        "commit",
        "first",
        "chDB",
        "DuckDB"
    );
    println!(
        "{:>5} {:>7} {:>12} {:>6} {:>5} {:>5} {:>5} {:>9} {:>9} {:>9} {:>8} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "days",
        "commits",
        "compaction",
        "files",
        "1 h",
        "24 h",
        "7 d",
        "manifests",
        "snapshots",
        "bytes",
        "record",
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
        for way in Way::value_variants() {
            let wanted = match options.only {
                Some(only) => only == *way,
                None => shape.takes(*way, options.s3),
            };
            if wanted {
                asked.push(Asked::write(shape, *way, options.s3).await?);
            }
        }
    }
    for time in 1..=TIMES {
        eprintln!("questions, {time} of {TIMES} times");
        for asked in &mut asked {
            asked.ask().await?;
        }
    }
    if !options.s3 {
        for asked in &mut asked {
            eprintln!("questions to DuckDB: {}", asked.shape.name(asked.way));
            asked.ask_peer().await?;
        }
    }
    asked.iter().try_for_each(Asked::print)
}

/// A lake that was written, and the times of questions about it.
struct Asked {
    shape: Shape,
    way: Way,
    written: Written,
    engine: Engine,
    /// The time of the first question about a day. `None` if it got no answer.
    first: Option<Duration>,
    /// The times of the answers to each question. `None` if it got no answer once.
    times: [Option<Vec<Duration>>; 3],
    /// The median times of the peer, in milliseconds.
    peer: Vec<f64>,
    place: LakeAt,
    // The engine is dropped before the lake that it reads.
    _servers: Option<S3Lake>,
    _folder: TempDir,
}

impl Asked {
    /// Writes a lake, and asks each question once.
    async fn write(shape: Shape, way: Way, s3: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let servers = if s3 { Some(S3Lake::start().await?) } else { None };
        let place = match &servers {
            Some(servers) => servers.at(),
            None => LakeAt::folder(folder.path()),
        };
        let mut asked = Self {
            shape,
            way,
            written: write(&place, shape, way).await?,
            engine: Engine::start(&place).await?,
            first: None,
            times: [const { Some(Vec::new()) }; 3],
            peer: Vec::new(),
            place,
            _servers: servers,
            _folder: folder,
        };
        let hours = [1, 24, usize::try_from(shape.days.min(7))? * 24];
        for question in [1, 0, 2] {
            let (took, answered) = asked.ask_one(question).await?;
            if let Some(rows) = answered {
                let hours = hours[question];
                ensure!(rows == hours, "an answer has {rows} hours, not {hours}");
                if question == 1 {
                    asked.first = Some(took);
                }
            }
        }
        Ok(asked)
    }

    /// Asks a question. Returns the time and the number of rows, which is `None` without an answer.
    async fn ask_one(&mut self, question: usize) -> Result<(Duration, Option<usize>)> {
        let statement = per_hour(self.shape.ranges()?[question])?;
        let started = Instant::now();
        let answer = self.engine.sql(&statement).await;
        let took = started.elapsed();
        if let Err(error) = &answer {
            eprintln!(
                "{}: no answer after {took:.0?}: {error:#}",
                self.shape.name(self.way)
            );
            self.times[question] = None;
        }
        Ok((took, answer.ok().map(|answer| answer.rows.len())))
    }

    /// Asks each question that has an answer once more, unless the lake took its time already.
    async fn ask(&mut self) -> Result<()> {
        let times = self.times.iter().flatten();
        let spent: Duration = times.clone().flatten().sum();
        if spent > LONGEST && times.clone().all(|times| times.len() >= LEAST_TIMES) {
            return Ok(());
        }
        for question in 0..self.times.len() {
            if self.times[question].is_some() {
                let (took, _) = self.ask_one(question).await?;
                self.times[question].iter_mut().for_each(|times| times.push(took));
            }
        }
        Ok(())
    }

    /// Asks the peer each question about as often as the engine.
    async fn ask_peer(&mut self) -> Result<()> {
        let table = self.place.path()?.join("otel").join(TABLE);
        let [hour, day, week] = self.shape.ranges()?.map(per_hour_of_duckdb);
        let arguments = [table.display().to_string(), TIMES.to_string(), hour?, day?, week?];
        let printed = python("duckdb_times.py", &arguments.each_ref().map(String::as_str)).await?;
        self.peer = serde_json::from_str(&printed)?;
        Ok(())
    }

    fn print(&self) -> Result<()> {
        let Self { shape, written, .. } = self;
        let [hour, day, week] = written.files_of_questions;
        print!(
            "{:>5} {:>7} {:>12} {:>6} {hour:>5} {day:>5} {week:>5} {:>9} {:>9} {:>9} {:>8.1} {:>10.2} {:>8.2} {:>8.2} {:>8}",
            shape.days,
            shape.commits(),
            self.way.name(),
            written.files,
            written.manifests,
            written.snapshots,
            written.bytes,
            written.bytes as f64 / (shape.days * shape.rows_a_day) as f64,
            written.rewritten as f64 / written.committed as f64,
            millis(written.first_commits),
            millis(written.last_commits),
            self.first
                .map_or_else(dash, |first| format!("{:.0}", millis(first))),
        );
        for times in &self.times {
            let median = times.clone().map(median).transpose()?;
            let median = median.map_or_else(dash, |median| format!("{:.1}", millis(median)));
            print!(" {median:>8}");
        }
        for time in &self.peer {
            print!(" {time:>8.1}");
        }
        println!();
        Ok(())
    }
}

/// Returns the text for a missing value.
fn dash() -> String {
    "–".to_owned()
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
    /// Files with rows in the range of each question, by their bounds.
    files_of_questions: [usize; 3],
    manifests: usize,
    /// Snapshots that the metadata file lists.
    snapshots: usize,
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

async fn write(place: &LakeAt, shape: Shape, way: Way) -> Result<Written> {
    CLOCK_MS.store(START_MS, Ordering::Relaxed);
    let open = async || -> Result<Lake> {
        let config = LakeConfig {
            now_ms: || CLOCK_MS.load(Ordering::Relaxed),
            ..LakeConfig::at(place.place()?)
        };
        Ok(Lake::open(config).await?)
    };
    let lake = open().await?;
    let mut peer = match way {
        Way::FastAppend => Some(FastAppend::open(place.path()?).await?),
        Way::Off | Way::On => None,
    };
    let (mut committed, mut rewritten) = (0, 0);
    let mut times = Vec::new();
    let (begun, mut told, mut looked) = (Instant::now(), Instant::now(), START_MS);
    let commits = shape.commits();
    let all_rows = shape.days * shape.rows_a_day;
    let between = i64::try_from(shape.days)? * DAY_MS / i64::try_from(commits)?;
    for number in 0..commits {
        let now = START_MS + between * i64::try_from(number + 1)?;
        CLOCK_MS.store(now, Ordering::Relaxed);
        let [from, to] = [number, number + 1].map(|number| number * all_rows / commits);
        let rows = rows(from, to, shape.rows_a_day)?;
        let started = Instant::now();
        let files = lake.write(TABLE, rows).await?;
        committed += files.iter().map(|file| file.file_size_in_bytes()).sum::<u64>();
        match &mut peer {
            Some(peer) => peer.commit(files).await?,
            None => {
                lake.append(TABLE, &files, None).await?;
            }
        }
        times.push(started.elapsed());
        if way == Way::On && now - looked >= LOOK_MS {
            looked = now;
            rewritten += compact(&lake).await?;
        }
        if told.elapsed() >= PROGRESS || number + 1 == commits {
            told = Instant::now();
            let done = number + 1;
            eprintln!("{}: {done} written, {:.0?}", shape.name(way), begun.elapsed());
        }
    }
    // Opening it anew shows readers the last commit of the peer.
    let state = open().await?.state(TABLE).await?;
    let first = times.len().min(50);
    let last = times.len() - times.len().div_ceil(10);
    let mut files_of_questions = [0; 3];
    for (files, range) in files_of_questions.iter_mut().zip(shape.ranges()?) {
        *files = files_in(&state, range)?;
    }
    Ok(Written {
        files: state.files.len(),
        files_of_questions,
        manifests: state.manifests,
        snapshots: state.snapshots(),
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

/// Returns the number of files that may have rows in a range, which is given in milliseconds.
fn files_in(state: &TableState, (from_ms, to_ms): (i64, i64)) -> Result<usize> {
    let time = state.schema.field_by_name("Timestamp").context("no Timestamp")?;
    let micros = |bound: Option<&Datum>| match bound.map(Datum::literal) {
        Some(PrimitiveLiteral::Long(micros)) => Ok(*micros),
        other => bail!("a bound of Timestamp is {other:?}"),
    };
    let mut files = 0;
    for file in &state.files {
        let first = micros(file.file.lower_bounds().get(&time.id))?;
        let last = micros(file.file.upper_bounds().get(&time.id))?;
        files += usize::from(first < to_ms * 1_000 && last >= from_ms * 1_000);
    }
    Ok(files)
}

/// The table of a lake as the iceberg crate commits to it.
struct FastAppend {
    catalog: SqlCatalog,
    table: Table,
}

impl FastAppend {
    async fn open(lake: &Path) -> Result<Self> {
        let properties = [
            (
                SQL_CATALOG_PROP_URI,
                format!("sqlite://{}/catalog.db", lake.display()),
            ),
            (SQL_CATALOG_PROP_WAREHOUSE, format!("file://{}", lake.display())),
            (SQL_CATALOG_PROP_BIND_STYLE, SqlBindStyle::QMark.to_string()),
        ];
        let properties: HashMap<_, _> = properties.map(|(key, value)| (key.to_owned(), value)).into();
        let catalog = SqlCatalogBuilder::default()
            .with_storage_factory(Arc::new(LocalFsStorageFactory))
            .load("lakefront", properties)
            .await?;
        let table = catalog
            .load_table(&TableIdent::from_strs(["otel", TABLE])?)
            .await?;
        Ok(Self { catalog, table })
    }

    async fn commit(&mut self, files: Vec<DataFile>) -> Result<()> {
        let transaction = Transaction::new(&self.table);
        // Looking for files that are there already would read every manifest.
        let append = transaction.fast_append().with_check_duplicate(false);
        let transaction = append.add_data_files(files).apply(transaction)?;
        self.table = transaction.commit(&self.catalog).await?;
        Ok(())
    }
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
    log_rows(&request, i64::try_from(from)?)
}
