//! What a commit costs, and what a reader has to open, as commits add up.
//!
//! ```text
//! cargo xtask bench lake              5,000 commits, one every 10 s of the lake's clock, which is how often ingest commits
//! cargo xtask bench lake 5000 120     one every two minutes: a week of hourly snapshots, and as many days to close
//! ```
//! CPU time is what a busy machine does not spoil. Each commit is one data file.

#[expect(dead_code, clippy::unwrap_used, reason = "shared with the tests")]
#[path = "../tests/it/common.rs"]
mod common;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use common::{NEW_YEAR, SECOND, rows};
use iceberg::io::FileIO;
use iceberg::spec::{ManifestList, TableMetadata};
use lakefront_lake::{Lake, LakeConfig, WalPosition};

const TABLE: &str = "otel_logs";
static CLOCK: AtomicI64 = AtomicI64::new(NEW_YEAR);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |n: usize, default: i64| std::env::args().nth(n).map_or(Ok(default), |text| text.parse());
    let commits: i64 = argument(1, 5_000)?;
    let step = argument(2, 10)? * SECOND;
    let folder = tempfile::tempdir()?;
    let config = LakeConfig {
        now_ms: || CLOCK.load(Ordering::Relaxed) / 1_000,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await?;
    let writer = lake.new_writer().await?;
    println!(
        "{:>8} {:>7} {:>11} {:>9} {:>9} {:>10} {:>12}",
        "commits", "CPU ms", "median ms", "p99 ms", "manifests", "snapshots", "metadata kB"
    );
    let mut costs = Vec::new();
    for n in 0..commits {
        let now = NEW_YEAR + n * step;
        CLOCK.store(now, Ordering::Relaxed);
        let files = lake.write(TABLE, rows(TABLE, n, 1, |_| now)).await?;
        let (start, cpu) = (Instant::now(), cpu_ms());
        lake.append(
            TABLE,
            &files,
            Some(WalPosition {
                writer,
                position: n.cast_unsigned(),
            }),
        )
        .await?;
        costs.push(Cost {
            cpu_ms: cpu_ms() - cpu,
            wall_ms: start.elapsed().as_secs_f64() * 1e3,
        });
        if n + 1 == 50 || (n + 1) % 500 == 0 {
            report(folder.path(), n + 1, &mut costs).await?;
        }
    }
    Ok(())
}

/// What a commit took.
struct Cost {
    cpu_ms: f64,
    wall_ms: f64,
}

/// CPU time of all threads so far.
fn cpu_ms() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let nanos = threads.filter_map(|thread| {
        let statistics = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1e6
}

/// Prints a line about the commits since the last one.
async fn report(lake: &Path, commits: i64, costs: &mut Vec<Cost>) -> Result<(), Box<dyn std::error::Error>> {
    costs.sort_by(|a, b| a.wall_ms.total_cmp(&b.wall_ms));
    let quantile = |q: usize| costs[(costs.len() - 1) * q / 100].wall_ms;
    let (median, p99) = (quantile(50), quantile(99));
    let cpu = costs.iter().map(|cost| cost.cpu_ms).sum::<f64>() / costs.len() as f64;
    costs.clear();
    let folder = lake.join("otel").join(TABLE).join("metadata");
    let version = std::fs::read_to_string(folder.join("version-hint.text"))?;
    let file = folder.join(format!("{version}.metadata.json"));
    let file_io = FileIO::new_with_fs();
    let metadata = TableMetadata::read_from(&file_io, &file.display().to_string()).await?;
    let snapshot = metadata.current_snapshot().ok_or("nothing was committed")?;
    let bytes = file_io.new_input(snapshot.manifest_list())?.read().await?;
    let manifests = ManifestList::parse_with_version(&bytes, metadata.format_version())?
        .entries()
        .len();
    let kilobytes = std::fs::metadata(&file)?.len() / 1_000;
    println!(
        "{commits:>8} {cpu:>7.2} {median:>11.2} {p99:>9.2} {manifests:>9} {:>10} {kilobytes:>12}",
        metadata.snapshots().len()
    );
    Ok(())
}
