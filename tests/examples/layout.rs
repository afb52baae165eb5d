//! What layouts of data files cost: bytes, time to write, and how long chDB takes for the named queries on them.
//!
//! ```text
//! cargo xtask bench layout
//! ```
//! The demo's traffic of 14 days, with as many shops as `--shops`, is compacted to a file a day, as the lake of some weeks
//! is, in each layout. Times are medians; CPU time is this process's own while it sorts and encodes.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use lakefront_api::QueryRequest;
use lakefront_lake::{Lake, LakeConfig, Layout, Strings};
use lakefront_query::catalogue;
use lakefront_tests::{Engine, Stack};
use serde_json::{Value, json};

const UNTIL: &str = "2026-03-30T00:00:00Z";
const TABLES: [&str; 2] = ["otel_logs", "otel_traces"];
/// How often each query is asked.
const TIMES: usize = 7;

/// The layouts that are compared, each different from the chosen one in one thing.
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
            with(|layout| layout.bounds = Strings::All),
        ),
        (
            "dictionaries for all",
            with(|layout| layout.dictionaries = Strings::All),
        ),
        (
            "dictionaries for few",
            with(|layout| layout.dictionaries = Strings::Few),
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
    let source = Lake::open(LakeConfig::new(stack.lake())).await?;

    let names: Vec<&str> = catalogue().iter().map(|query| query.info.name.as_str()).collect();
    println!(
        "{:<22} {:>9} {:>9}  milliseconds of {}",
        "",
        "bytes a",
        "µs CPU a",
        names.join(", ")
    );
    println!("{:<22} {:>9} {:>9}", "layout", "record", "record");
    for (name, layout) in layouts() {
        let folder = tempfile::tempdir()?;
        let written = rewrite(&source, folder.path(), layout).await?;
        let times = query_times(folder.path(), &names, &user).await?;
        let times: Vec<String> = times.iter().map(|time| format!("{time:>6.1}")).collect();
        println!(
            "{name:<22} {:>9.2} {:>9.2} {}",
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
        let before = cpu_seconds();
        let merged = target.merge(table, &files).await?;
        written.cpu_seconds += cpu_seconds() - before;
        written.rows += merged.iter().map(|file| file.record_count()).sum::<u64>();
        written.bytes += merged.iter().map(|file| file.file_size_in_bytes()).sum::<u64>();
        target.append(table, &merged, None).await?;
    }
    Ok(written)
}

/// Median milliseconds of each query over a week, caches of the engine as they are.
async fn query_times(lake: &Path, names: &[&str], user: &Value) -> Result<Vec<f64>> {
    let engine = Engine::start(lake).await?;
    let now: Timestamp = UNTIL.parse()?;
    let mut medians = Vec::new();
    for name in names {
        let params = if *name == "errors_for_user" {
            json!({"user_id": user})
        } else {
            json!({})
        };
        let request = json!({"query": name, "timeRange": "7d", "params": params});
        let request: QueryRequest = serde_json::from_value(request)?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let started = Instant::now();
            let answer = engine.query(&request, now).await?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
            ensure!(!answer.rows.is_empty(), "{name} has no rows");
        }
        times.sort_by(f64::total_cmp);
        medians.push(times[TIMES / 2]);
    }
    Ok(medians)
}

/// What this process used so far, in user and system mode.
fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of proc(5) stat: ticks of 10 ms.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
