//! The command `retain`: drops old days by hand, or as a scheduled job.

use bytesize::ByteSize;
use clap::Args;

use super::LakeArguments;
use crate::config::RetentionConfig;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest retain --data ~/lakefront --keep-days otel_logs=400,otel_traces=400 --dry-run
  lakefront-ingest retain --catalog-uri https://catalog.example --catalog-warehouse lake --keep-days metrics_gauge=90

The days are gone for readers at once. Their files stay until no snapshot reaches them, which takes about a week.";

/// The arguments of `retain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    lake: LakeArguments,

    #[command(flatten)]
    retention: RetentionConfig,

    /// Print what would be dropped, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Arguments {
    /// Drops the days of all tables that are due.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let keep_days = self.retention.keep_days.0;
        if keep_days.is_empty() {
            anyhow::bail!(
                "name what tables keep: --keep-days TABLE=DAYS (LAKEFRONT_INGEST_KEEP_DAYS); every other table keeps all"
            );
        }
        let lake = self.lake.open().await?;
        let mut failed = None;
        for (table, keep) in keep_days {
            let found = match self.dry_run {
                true => lake.old_days(table, keep).await,
                false => lake.drop_old_days(table, keep).await,
            };
            match found {
                Ok(days) if days.is_empty() => println!("{table}: nothing to do, it keeps {keep} days"),
                Ok(days) => {
                    let what = if self.dry_run { "would drop" } else { "dropped" };
                    for day in days {
                        println!(
                            "{table} {}: {what} {} files, {} rows, {}",
                            day.day,
                            day.files,
                            day.rows,
                            ByteSize::b(day.bytes)
                        );
                    }
                }
                // A table that fails does not keep the others from being worked on.
                Err(error) => {
                    eprintln!("{table}: {error}");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}
