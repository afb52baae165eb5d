//! Compares layouts of data files: their bytes, the time to write them, and the time of chDB's named queries over them.
//!
//! ```text
//! cargo xtask bench layout
//! ```
//! The argument is the number of shops. 14 days of their traffic are compacted to a file a day in each layout, as in a lake
//! of some weeks. All times are CPU time, which other programs disturb little: this process's own while it
//! reads, sorts and encodes, and chDB's for a query over 7 days.

use std::path::Path;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_lake::{Lake, LakeConfig, Layout, StringColumns};
use lakefront_query::catalogue;
use lakefront_tests::{Engine, LakeAt, Stack};
use serde_json::{Value, json};

const UNTIL: &str = "2026-03-30T00:00:00Z";
const TABLES: [&str; 2] = ["otel_logs", "otel_traces"];
/// Number of repetitions of each query. The clock of CPU time has steps of 10 ms.
const TIMES: u32 = 20;

/// The layouts. Each differs from the chosen one in one property.
fn layouts() -> Vec<(&'static str, Layout)> {
    let chosen = Layout::default();
    let with = |change: fn(&mut Layout)| {
        let mut layout = chosen.clone();
        change(&mut layout);
        layout
    };
    vec![
        ("chosen", chosen.clone()),
        ("zstd 3", with(|layout| layout.zstd_level = 3)),
        ("zstd 6", with(|layout| layout.zstd_level = 6)),
        (
            "row groups of 32 Ki",
            with(|layout| layout.row_group_rows = 32 * 1024),
        ),
        (
            "row groups of 512 Ki",
            with(|layout| layout.row_group_rows = 512 * 1024),
        ),
        ("pages of 2 Ki", with(|layout| layout.page_rows = 2 * 1024)),
        ("pages of 32 Ki", with(|layout| layout.page_rows = 32 * 1024)),
        ("no bloom filters", with(|layout| layout.bloom_filters = false)),
        (
            "bounds on all strings",
            with(|layout| layout.bounds = StringColumns::All),
        ),
        (
            "no dictionaries for ids",
            with(|layout| layout.dictionaries = StringColumns::AllButIds),
        ),
        (
            "dictionaries for few",
            with(|layout| layout.dictionaries = StringColumns::Few),
        ),
    ]
}

#[tokio::main]
async fn main() -> Result<()> {
    let shops = std::env::args()
        .nth(1)
        .map_or(Ok(10), |shops| shops.parse::<u64>())?;
    let stack = Stack::start_committing_every("2s").await?;
    eprintln!("filling a lake with {shops} shops of 14 days");
    let mut sent = [0; 2];
    for seed in 1..=shops {
        let of_shop = stack
            .demo(&["--days", "14", "--until", UNTIL, "--seed", &seed.to_string()])
            .await?;
        sent = [sent[0] + of_shop.logs, sent[1] + of_shop.spans];
    }
    for (table, rows) in TABLES.into_iter().zip(sent) {
        stack.committed(table, rows).await?;
    }
    let user = "SELECT UserId FROM otel_logs WHERE ErrorType != '' AND UserId != '' GROUP BY UserId ORDER BY count() DESC LIMIT 1";
    let user = stack.sql(user).await?.rows[0][0].clone();
    let source = Lake::open(LakeConfig::new(stack.lake().path()?)).await?;

    let names: Vec<&str> = catalogue().iter().map(|query| query.info.name.as_str()).collect();
    println!(
        "{:<23} {:>9} {:>9}  chDB's CPU milliseconds of all, {}",
        "",
        "bytes a",
        "µs CPU a",
        names.join(", ")
    );
    println!("{:<23} {:>9} {:>9}", "layout", "record", "record");
    for (name, layout) in layouts() {
        let folder = tempfile::tempdir()?;
        let written = rewrite(&source, folder.path(), layout).await?;
        let times = query_times(folder.path(), &names, &user).await?;
        let sum: f64 = times.iter().sum();
        let times: Vec<String> = [sum]
            .iter()
            .chain(&times)
            .map(|time| format!("{time:>6.1}"))
            .collect();
        println!(
            "{name:<23} {:>9.2} {:>9.2} {}",
            written.bytes as f64 / written.rows as f64,
            written.cpu_seconds * 1e6 / written.rows as f64,
            times.join(" "),
        );
    }
    Ok(())
}

struct Written {
    rows: u64,
    bytes: u64,
    cpu_seconds: f64,
}

/// Compacts the source's days into a new lake of that layout.
async fn rewrite(source: &Lake, folder: &Path, layout: Layout) -> Result<Written> {
    let target = Lake::open(LakeConfig {
        layout,
        ..LakeConfig::new(folder)
    })
    .await?;
    let mut written = Written {
        rows: 0,
        bytes: 0,
        cpu_seconds: 0.0,
    };
    for table in TABLES {
        let files: Vec<_> = source
            .files(table)
            .await?
            .into_iter()
            .map(|file| file.file)
            .collect();
        let before = cpu_seconds("self")?;
        let merged = target.merge(table, &files).await?;
        written.cpu_seconds += cpu_seconds("self")? - before;
        written.rows += merged.iter().map(|file| file.record_count()).sum::<u64>();
        written.bytes += merged.iter().map(|file| file.file_size_in_bytes()).sum::<u64>();
        target.append(table, &merged, None).await?;
    }
    Ok(written)
}

/// Returns the CPU milliseconds of the engine for each query over a week, with warm caches.
async fn query_times(lake: &Path, names: &[&str], user: &Value) -> Result<Vec<f64>> {
    let engine = Engine::start(&LakeAt::folder(lake)).await?;
    let process = engine.id().to_string();
    let now: Timestamp = UNTIL.parse()?;
    let mut all = Vec::new();
    for name in names {
        let params = match *name {
            "errors_for_user" => json!({"user_id": user}),
            _ => json!({}),
        };
        let request = json!({"query": name, "timeRange": "7d", "params": params});
        let request: QueryRequest = serde_json::from_value(request)?;
        let answer = engine.query(&request, now).await?;
        ensure!(!answer.rows.is_empty(), "{name} has no rows");
        let before = cpu_seconds(&process)?;
        for _ in 0..TIMES {
            engine.query(&request, now).await?;
        }
        all.push((cpu_seconds(&process)? - before) * 1e3 / f64::from(TIMES));
    }
    Ok(all)
}

/// Returns the CPU time that a process has used, in user and system mode.
fn cpu_seconds(process: &str) -> Result<f64> {
    // Fields 14 and 15 of proc(5) stat: ticks of 10 ms.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / 100.0)
}
