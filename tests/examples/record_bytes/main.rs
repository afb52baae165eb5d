//! The bytes of a record in the lake: of the demo by table, and of spans in the shapes of the OpenTelemetry demo.
//!
//! ```text
//! cargo xtask bench bytes
//! cargo xtask bench bytes 2000000 --days 14
//! ```
//! The argument is the number of spans in the shapes of the OpenTelemetry demo, spread over a day and written like commits of
//! 10 s of its ten users. `--days` is the number of days of our own demo. Both are measured as they were written, and again in
//! a file a day, as compaction leaves past days.

mod shapes;

use anyhow::{Result, ensure};
use clap::Parser;
use lakefront_lake::{DataFile, Lake, LakeConfig};
use lakefront_otel::arrow::TracesBuilder;
use lakefront_otel::map::RequestContext;
use lakefront_otel::{TRACES, tables};
use lakefront_tests::Stack;
use prost::Message;

use self::shapes::Shop;

const UNTIL: &str = "2026-03-30T00:00:00Z";
/// 2026-03-02T00:00:00Z in nanoseconds.
const START: u64 = 1_772_409_600_000_000_000;
const DAY: u64 = 24 * 3_600_000_000_000;
/// Spans of a commit: ten users start a task every 5.5 s, which has a dozen spans, and a commit comes every 10 s.
const SPANS_A_COMMIT: usize = 220;

/// Measures the bytes of a record.
#[derive(Parser)]
struct Options {
    /// Number of spans in the shapes of the OpenTelemetry demo
    #[arg(default_value_t = 500_000)]
    spans: usize,
    /// Number of days of our own demo
    #[arg(long, default_value_t = 14)]
    days: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    println!(
        "{:<20} {:<34} {:>9} {:>10} {:>9} {:>10} {:>9} {:>10}",
        "", "", "", "OTLP bytes", "written:", "bytes", "a day:", "bytes"
    );
    println!(
        "{:<20} {:<34} {:>9} {:>10} {:>9} {:>10} {:>9} {:>10}",
        "source", "table", "records", "a record", "files", "a record", "files", "a record"
    );
    astronomy_shop(options.spans).await?;
    demo(options.days).await
}

/// Measures spans in the shapes of the OpenTelemetry demo.
async fn astronomy_shop(spans: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let lake = Lake::open(LakeConfig::new(folder.path())).await?;
    let mut shop = Shop::new(START, DAY / u64::try_from(spans.max(1))?)?;
    let (mut written, mut sent, mut rows) = (Vec::new(), 0, 0);
    while rows < spans {
        let request = shop.request(SPANS_A_COMMIT)?;
        sent += request.encoded_len();
        let mut builder = TracesBuilder::new();
        let context = RequestContext {
            sender: None,
            user_agent: "",
            country: "",
            arrival: 0,
        };
        builder.append(&request, &context, i64::try_from(rows)?)?;
        rows += builder.rows();
        written.extend(lake.write(TRACES, builder.finish()).await?);
        if written.len().is_multiple_of(500) {
            eprintln!("the OpenTelemetry demo: {rows} of {spans} spans");
        }
    }
    let merged = lake.merge(TRACES, &written).await?;
    let otlp = format!("{:.1}", sent as f64 / rows as f64);
    print("OpenTelemetry demo", TRACES, &otlp, &written, &merged)
}

/// Measures the demo, by table.
async fn demo(days: u16) -> Result<()> {
    let stack = Stack::start_committing_every("2s").await?;
    eprintln!("the demo: {days} days");
    let days = days.to_string();
    stack
        .demo(&["--days", &days, "--until", UNTIL, "--seed", "1"])
        .await?;
    let lake = Lake::open(LakeConfig::new(stack.lake().path()?)).await?;
    for table in tables() {
        let files = lake.files(table.name).await?.into_iter();
        let files: Vec<DataFile> = files.map(|file| file.file).collect();
        if !files.is_empty() {
            let merged = lake.merge(table.name, &files).await?;
            print("demo", table.name, "", &files, &merged)?;
            lake.discard(table.name, merged).await?;
        }
    }
    Ok(())
}

fn print(source: &str, table: &str, otlp: &str, written: &[DataFile], merged: &[DataFile]) -> Result<()> {
    let rows = |files: &[DataFile]| files.iter().map(DataFile::record_count).sum::<u64>();
    let bytes = |files: &[DataFile]| files.iter().map(DataFile::file_size_in_bytes).sum::<u64>();
    let a_row = |files: &[DataFile]| bytes(files) as f64 / rows(files) as f64;
    ensure!(
        rows(written) == rows(merged),
        "a merge changed the number of rows"
    );
    println!(
        "{source:<20} {table:<34} {:>9} {otlp:>10} {:>9} {:>10.1} {:>9} {:>10.1}",
        rows(merged),
        written.len(),
        a_row(written),
        merged.len(),
        a_row(merged),
    );
    Ok(())
}
