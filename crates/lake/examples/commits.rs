//! What a commit costs, and what a reader has to open, as commits add up.
//!
//! ```text
//! cargo run --release -p lakefront-lake --example commits -- 5000
//! ```
//! CPU time is what a busy machine does not spoil. Each commit is one data file. The clock runs two minutes a commit, so that 5,000 of them are a week: days close and hourly
//! snapshots pile up as they would.

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
const STEP: i64 = 120 * SECOND;
static CLOCK: AtomicI64 = AtomicI64::new(NEW_YEAR);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commits: i64 = std::env::args().nth(1).map_or(Ok(5_000), |count| count.parse())?;
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
        let now = NEW_YEAR + n * STEP;
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
