//! Measures the cost of a commit, and the files that a reader opens, as commits add up.
//!
//! The costs are CPU time, which other load on the machine hardly changes. Each commit has one data file. At the end,
//! the old lake commits in turn with young ones, for comparison.

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
use tempfile::TempDir;

const TABLE: &str = "otel_logs";
static CLOCK: AtomicI64 = AtomicI64::new(NEW_YEAR);

/// Number of commits after which a young lake is measured.
const YOUNG: i64 = 50;
/// Number of young lakes that the old one is compared with.
const PEERS: usize = 10;
/// Number of commits measured in each young lake, around [`YOUNG`].
const PAIRS: i64 = 40;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |n: usize, default: i64| std::env::args().nth(n).map_or(Ok(default), |text| text.parse());
    let commits: i64 = argument(1, 5_000)?;
    let step = argument(2, 10)? * SECOND;
    println!(
        "{:>8} {:>7} {:>11} {:>9} {:>9} {:>10} {:>12}",
        "commits", "CPU ms", "median ms", "p99 ms", "manifests", "snapshots", "metadata kB"
    );
    let mut old = Growing::new(step).await?;
    let mut costs = Vec::new();
    while old.commits < commits {
        costs.push(old.commit().await?);
        if old.commits == YOUNG || old.commits % 500 == 0 {
            report(old.folder.path(), old.commits, &mut costs).await?;
        }
    }

    // Both commit in turn, so that other load on the machine affects them equally.
    let (mut young_costs, mut old_costs) = (Vec::new(), Vec::new());
    for _ in 0..PEERS {
        let mut young = Growing::new(step).await?;
        while young.commits < YOUNG - PAIRS / 2 {
            young.commit().await?;
        }
        for turn in 0..PAIRS {
            // The first one bears work that the other has left, so they alternate.
            if turn % 2 == 0 {
                young_costs.push(young.commit().await?);
                old_costs.push(old.commit().await?);
            } else {
                old_costs.push(old.commit().await?);
                young_costs.push(young.commit().await?);
            }
        }
    }
    let [young, old] = [young_costs, old_costs].map(|mut costs| summary(&mut costs));
    println!("\nturn by turn  after {YOUNG:>5}  after {commits:>5}");
    for (what, young, old) in [
        ("CPU ms", young.cpu_ms, old.cpu_ms),
        ("median ms", young.median_ms, old.median_ms),
    ] {
        println!("{what:<12} {young:>12.2} {old:>12.2} {:>6.2}x", old / young);
    }
    Ok(())
}

/// A lake that receives one commit after another.
struct Growing {
    folder: TempDir,
    lake: Lake,
    writer: u16,
    step: i64,
    commits: i64,
}

impl Growing {
    async fn new(step: i64) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let config = LakeConfig {
            now_ms: || CLOCK.load(Ordering::Relaxed) / 1_000,
            ..LakeConfig::new(folder.path())
        };
        let lake = Lake::open(config).await?;
        Ok(Self {
            writer: lake.new_writer().await?,
            folder,
            lake,
            step,
            commits: 0,
        })
    }

    async fn commit(&mut self) -> Result<Cost, Box<dyn std::error::Error>> {
        let now = NEW_YEAR + self.commits * self.step;
        CLOCK.store(now, Ordering::Relaxed);
        let files = self
            .lake
            .write(TABLE, rows(TABLE, self.commits, 1, |_| now))
            .await?;
        let position = WalPosition::new(self.writer, self.commits.cast_unsigned());
        let (start, cpu) = (Instant::now(), cpu_ms());
        self.lake.append(TABLE, &files, Some(&position)).await?;
        self.commits += 1;
        Ok(Cost {
            cpu_ms: cpu_ms() - cpu,
            wall_ms: start.elapsed().as_secs_f64() * 1e3,
        })
    }
}

/// The cost of a commit.
struct Cost {
    cpu_ms: f64,
    wall_ms: f64,
}

/// Returns the CPU time of all threads so far, in milliseconds.
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

/// The costs of several commits.
struct Summary {
    cpu_ms: f64,
    median_ms: f64,
    p99_ms: f64,
}

fn summary(costs: &mut [Cost]) -> Summary {
    costs.sort_by(|a, b| a.wall_ms.total_cmp(&b.wall_ms));
    let quantile = |q: usize| costs[(costs.len() - 1) * q / 100].wall_ms;
    Summary {
        cpu_ms: costs.iter().map(|cost| cost.cpu_ms).sum::<f64>() / costs.len() as f64,
        median_ms: quantile(50),
        p99_ms: quantile(99),
    }
}

/// Prints a line about the commits since the previous line.
async fn report(lake: &Path, commits: i64, costs: &mut Vec<Cost>) -> Result<(), Box<dyn std::error::Error>> {
    let Summary {
        cpu_ms,
        median_ms,
        p99_ms,
    } = summary(costs);
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
        "{commits:>8} {cpu_ms:>7.2} {median_ms:>11.2} {p99_ms:>9.2} {manifests:>9} {:>10} {kilobytes:>12}",
        metadata.snapshots().len()
    );
    Ok(())
}
