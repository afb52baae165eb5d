//! The command `compact`: rewrites small files by hand, or as a scheduled job.

use std::sync::Arc;
use std::time::Instant;

use bytesize::ByteSize;
use clap::Args;
use jiff::civil::Date;
use lakefront_lake::{CompactionPlan, Error, Group, Lake, Pace};
use lakefront_otel::Table;

use super::{LakeArguments, parse_table};
use crate::config::CompactedFiles;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest compact --data ~/lakefront --dry-run
  lakefront-ingest compact --data ~/lakefront --table otel_logs --day 2026-03-01
  lakefront-ingest compact --catalog-uri https://catalog.example --catalog-warehouse lake --share 25

Any number of compactions, a running ingest and other writers may work on the lake at the same time.";

/// The arguments of `compact`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    lake: LakeArguments,

    /// Table to compact; all if left out
    #[arg(long, value_parser = parse_table)]
    table: Option<&'static Table>,

    /// UTC day to compact; all if left out
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<Date>,

    /// Print what would be rewritten, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Share of the time in which it works, in percent of one processor
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100), value_name = "PERCENT")]
    share: u32,

    #[command(flatten)]
    compacted: CompactedFiles,
}

impl Arguments {
    /// Compacts the tables one after another.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let lake = self.lake.open().await?;
        let mut failed = None;
        for table in lakefront_otel::tables() {
            if self.table.is_some_and(|chosen| chosen.name != table.name) {
                continue;
            }
            // A table that fails does not keep the others from being compacted.
            if let Err(error) = self.table(&lake, table.name).await {
                eprintln!("{}: {error}", table.name);
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn table(&self, lake: &Lake, table: &'static str) -> lakefront_lake::Result<()> {
        let pace = Arc::new(Pace::new(self.share));
        let settings = self.compacted.settings();
        loop {
            let mut plan = lake.plan_compaction(table, &settings).await?;
            let files = plan.state.take().map_or(0, |state| state.files.len());
            if let Some(reason) = &plan.left_alone {
                println!("{table}: {reason}");
                return Ok(());
            }
            let groups = self.chosen(&plan);
            if groups.is_empty() {
                println!(
                    "{table}: nothing to do, {files} files, {} of them small",
                    plan.small_files
                );
                return Ok(());
            }
            for (done, group) in groups.iter().enumerate() {
                let size = ByteSize::b(group.bytes());
                let files = group.files.len();
                if self.dry_run {
                    println!(
                        "{table} {}: would rewrite {files} files, {} rows, {size}",
                        group.day,
                        group.rows()
                    );
                    continue;
                }
                let started = Instant::now();
                match lake.compact(group, &settings, &pace).await {
                    Ok(compacted) => println!(
                        "{table} {} ({} of {}): {files} files with {size} are now {} with {}, {:.1} s",
                        group.day,
                        done + 1,
                        groups.len(),
                        compacted.files_after,
                        ByteSize::b(compacted.bytes_after),
                        started.elapsed().as_secs_f64(),
                    ),
                    Err(Error::NotCurrent { .. }) => {
                        println!("{table} {}: another program was first; planning again", group.day);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            if self.dry_run {
                return Ok(());
            }
        }
    }

    /// Returns the groups of the chosen day.
    fn chosen<'a>(&self, plan: &'a CompactionPlan) -> Vec<&'a Group> {
        let groups = plan.groups.iter();
        groups
            .filter(|group| self.day.is_none_or(|day| group.day == day))
            .collect()
    }
}
