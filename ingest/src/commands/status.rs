//! The command `status`: the rows, files and snapshots of each table.

use std::collections::BTreeMap;

use bytesize::ByteSize;
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_lake::{CompactionSettings, Error, Lake, TableState};
use serde::Serialize;

use super::LakeArguments;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest status --data ~/lakefront
  lakefront-ingest status --data ~/lakefront --json";

/// Upper limits of the size classes, with their names.
const SIZES: [(u64, &str); 4] = [
    (1 << 20, "below 1 MiB"),
    (16 << 20, "1 to 16 MiB"),
    (128 << 20, "16 to 128 MiB"),
    (u64::MAX, "128 MiB and more"),
];

/// The arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    lake: LakeArguments,

    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The state of a table.
#[derive(Debug, Serialize)]
struct TableStatus {
    table: &'static str,
    rows: u64,
    bytes: u64,
    bytes_a_row: Option<f64>,
    days: usize,
    first_day: Option<Date>,
    last_day: Option<Date>,
    files: usize,
    files_by_size: BTreeMap<&'static str, usize>,
    most_files_a_day: usize,
    small_files: usize,
    files_to_rewrite: usize,
    manifests: usize,
    snapshots: usize,
    last_compaction: Option<Timestamp>,
    left_alone: Option<String>,
}

impl Arguments {
    /// Prints the status of all tables.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let lake = self.lake.open().await?;
        let mut tables = Vec::new();
        for table in lakefront_otel::tables() {
            tables.push(status(&lake, table.name).await?);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&tables)?);
        } else {
            tables.iter().for_each(TableStatus::print);
        }
        Ok(())
    }
}

async fn status(lake: &Lake, table: &'static str) -> lakefront_lake::Result<TableStatus> {
    let plan = lake
        .plan_compaction(table, &CompactionSettings::default())
        .await?;
    let state = match lake.state(table).await {
        Ok(state) => Some(state),
        // The reason is in the plan.
        Err(Error::Unreadable { .. }) => None,
        Err(error) => return Err(error),
    };
    let files = state.as_ref().map_or(&[][..], |state| &state.files);
    let mut by_day: BTreeMap<Date, usize> = BTreeMap::new();
    let mut files_by_size: BTreeMap<&'static str, usize> = SIZES.iter().map(|(_, name)| (*name, 0)).collect();
    let (mut rows, mut bytes) = (0, 0);
    for file in files {
        *by_day.entry(file.day()).or_default() += 1;
        let size = file.file.file_size_in_bytes();
        rows += file.file.record_count();
        bytes += size;
        if let Some((_, name)) = SIZES.iter().find(|(limit, _)| size < *limit) {
            *files_by_size.entry(name).or_default() += 1;
        }
    }
    Ok(TableStatus {
        table,
        rows,
        bytes,
        bytes_a_row: (rows > 0).then(|| bytes as f64 / rows as f64),
        days: by_day.len(),
        first_day: by_day.keys().next().copied(),
        last_day: by_day.keys().next_back().copied(),
        files: files.len(),
        files_by_size,
        most_files_a_day: by_day.values().copied().max().unwrap_or_default(),
        small_files: plan.small_files,
        files_to_rewrite: plan.groups.iter().map(|group| group.files.len()).sum(),
        manifests: state.as_ref().map_or(0, |state| state.manifests),
        snapshots: state.as_ref().map_or(0, TableState::snapshots),
        last_compaction: state.as_ref().and_then(TableState::last_compaction),
        left_alone: plan.left_alone,
    })
}

impl TableStatus {
    fn print(&self) {
        println!("{}", self.table);
        let Some((first, last)) = self.first_day.zip(self.last_day) else {
            println!("  {}", self.left_alone.as_deref().unwrap_or("no rows"));
            return;
        };
        println!(
            "  {} rows in {}, {:.1} bytes a row; {} days, {first} to {last}",
            self.rows,
            ByteSize::b(self.bytes),
            self.bytes_a_row.unwrap_or_default(),
            self.days,
        );
        let classes: Vec<String> = SIZES
            .iter()
            .filter_map(|(_, name)| {
                let count = self.files_by_size.get(name).filter(|count| **count > 0)?;
                Some(format!("{count} {name}"))
            })
            .collect();
        println!(
            "  {} files: {}; at most {} a day",
            self.files,
            classes.join(", "),
            self.most_files_a_day
        );
        println!("  {} manifests, {} snapshots", self.manifests, self.snapshots);
        let last = self.last_compaction.map(|at| format!("; last compaction {at}"));
        println!(
            "  {} small files, {} of them due for a rewrite{}",
            self.small_files,
            self.files_to_rewrite,
            last.unwrap_or_default(),
        );
        if let Some(reason) = &self.left_alone {
            println!("  not compacted: {reason}");
        }
    }
}
