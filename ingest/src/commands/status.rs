//! The command `status`: the rows, files and snapshots of each table.

use bytesize::ByteSize;
use clap::Args;
use jiff::Timestamp;
use lakefront_api::TableStatus;
use lakefront_lake::{CompactionSettings, Lake, NamedSnapshot};
use serde::Serialize;

use super::LakeArguments;
use crate::table_status::table_status;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest status --data ~/lakefront
  lakefront-ingest status --data ~/lakefront --json";

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

/// The status of a table, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    status: TableStatus,
    named_snapshots: Vec<Named>,
}

/// A state of the table that has a name, for time travel.
#[derive(Debug, Serialize)]
struct Named {
    name: String,
    /// As text, because many readers of JSON round 64-bit numbers.
    snapshot_id: String,
    committed: Timestamp,
    rows: Option<u64>,
}

impl From<NamedSnapshot> for Named {
    fn from(snapshot: NamedSnapshot) -> Self {
        let NamedSnapshot {
            name,
            id,
            committed,
            rows,
        } = snapshot;
        Self {
            name,
            snapshot_id: id.to_string(),
            committed,
            rows,
        }
    }
}

impl Arguments {
    /// Prints the status of all tables.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let lake = self.lake.open().await?;
        let mut tables = Vec::new();
        for table in lakefront_otel::tables() {
            tables.push(Shown::read(&lake, table.name).await?);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&tables)?);
        } else {
            tables.iter().for_each(Shown::print);
        }
        Ok(())
    }
}

impl Shown {
    async fn read(lake: &Lake, table: &str) -> lakefront_lake::Result<Self> {
        let orphan_files = lake.orphan_files(table).await?.len() as u64;
        let settings = CompactionSettings::default();
        Ok(Self {
            status: table_status(lake, table, &settings, Some(orphan_files)).await?,
            named_snapshots: lake
                .named_snapshots(table)
                .await?
                .into_iter()
                .map(Named::from)
                .collect(),
        })
    }

    fn print(&self) {
        let status = &self.status;
        println!("{}", status.table);
        match status.first_day.zip(status.last_day) {
            Some((first, last)) => println!(
                "  {} rows in {}, {:.1} bytes a row; {} days, {first} to {last}",
                status.rows,
                ByteSize::b(status.bytes),
                status.bytes_a_row.unwrap_or_default(),
                status.days,
            ),
            None if status.advice.is_empty() => println!("  no rows"),
            None => {}
        }
        if status.files > 0 {
            self.print_files();
        }
        if let Some(files) = status.orphan_files.filter(|files| *files > 0) {
            println!("  {files} files were never committed; ingest deletes them within a day");
        }
        for sentence in &status.advice {
            println!("  {sentence}");
        }
    }

    fn print_files(&self) {
        let status = &self.status;
        let sizes = status.files_by_size.named();
        let sizes: Vec<String> = sizes.map(|(files, size)| format!("{files} {size}")).collect();
        println!(
            "  {} files: {}; at most {} a day",
            status.files,
            sizes.join(", "),
            status.most_files_a_day
        );
        println!("  {} manifests, {} snapshots", status.manifests, status.snapshots);
        let named = &self.named_snapshots;
        if let (Some(first), Some(last)) = (named.first(), named.last()) {
            println!(
                "  {} snapshots with a name, {} to {}; --json lists them",
                named.len(),
                first.committed,
                last.committed
            );
        }
        let last = status.last_compaction.map(|at| format!("; last compaction {at}"));
        println!(
            "  {} small files, {} of them due for a rewrite{}",
            status.small_files,
            status.files_to_rewrite,
            last.unwrap_or_default(),
        );
    }
}
