//! The command `erase`: takes rows out of a lake, its history and a write-ahead log, and shows that they are gone.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use lakefront_lake::{Condition, Lake, Pace, SelectedDay};

use super::LakeArguments;
use crate::wal::{CommittedLog, FolderLock};

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest erase --data ~/lakefront --where \"UserId = 'u-17'\" --dry-run
  lakefront-ingest erase --data ~/lakefront --where \"VisitorId = 'd-5' AND Timestamp >= '2026-03-01'\"
  lakefront-ingest erase --data ~/lakefront --where \"ServiceName = 'shop' AND Timestamp < '2026-03-01T12:00:00Z'\"

Stop the ingest of --data first: the log must be in the lake. A run that was ended is continued by the same command.";

/// The arguments of `erase`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    lake: LakeArguments,

    /// Rows to erase: UserId, VisitorId or ServiceName = 'text', Timestamp >= or < 'time', joined by AND
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Condition,

    /// Print what would be erased, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Share of the time in which it works, in percent of one processor
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100), value_name = "PERCENT")]
    share: u32,
}

impl Arguments {
    /// Erases the rows of all tables.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.dry_run {
            return self.show().await;
        }
        // The lock keeps ingest from starting meanwhile.
        let log = self.log()?;
        let lake = self.lake.open().await?;
        let pace = Arc::new(Pace::new(self.share));
        let mut left = Vec::new();
        for table in lakefront_otel::tables() {
            left.extend(self.table(&lake, table.name, &pace).await?);
        }
        match log {
            Some(log) => println!(
                "{}: {} bytes of committed requests deleted",
                log.folder().display(),
                log.clear()?
            ),
            None => {
                println!("no write-ahead log was looked at: run this with --data of each ingest of the lake")
            }
        }
        if !left.is_empty() {
            anyhow::bail!("not all rows are gone: {}", left.join("; "));
        }
        println!(
            "erased: no data file of the lake has a row with {}",
            self.condition
        );
        Ok(())
    }

    /// Returns the log of `--data`, if there is one.
    fn log(&self) -> anyhow::Result<Option<CommittedLog>> {
        let folder = self.lake.data.as_deref().map(|data| data.join("wal"));
        let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
            return Ok(None);
        };
        Ok(Some(CommittedLog::open(lock(&folder)?, &folder)?))
    }

    /// Prints what would be erased.
    async fn show(&self) -> anyhow::Result<()> {
        let lake = self.lake.open().await?;
        for table in lakefront_otel::tables() {
            let table = table.name;
            let found = lake.selected_rows(table, &self.condition).await?;
            for day in &found.days {
                print_day(table, "would erase", day);
            }
            println!("{table}: {} of {} rows", found.selected(), found.rows);
        }
        Ok(())
    }

    /// Erases the rows of a table, and returns sentences about what is left.
    async fn table(&self, lake: &Lake, table: &'static str, pace: &Arc<Pace>) -> anyhow::Result<Vec<String>> {
        let done = |day: &SelectedDay| print_day(table, "erased", day);
        let before = lake.erase(table, &self.condition, pace, done).await?;
        let proof = lake.erase_history(table, &self.condition).await?;
        println!(
            "{table}: {} of {} rows before, {} of {} after; {} snapshots expired, {} data files deleted, {} on the store read",
            before.selected(),
            before.rows,
            proof.selected,
            proof.rows,
            proof.expired,
            proof.deleted,
            proof.files,
        );
        let mut left = Vec::new();
        if proof.selected > 0 {
            left.push(format!(
                "{} rows of {table} came in meanwhile, run this again",
                proof.selected
            ));
        }
        if let Some(file) = proof.uncommitted.first() {
            left.push(format!(
                "{} data files of {table} that no snapshot reaches have such rows and may belong to a commit under way, such as {file}; \
                 they are deleted when they are a day old, run this again then",
                proof.uncommitted.len(),
            ));
        }
        Ok(left)
    }
}

fn lock(folder: &Path) -> anyhow::Result<FolderLock> {
    FolderLock::acquire(folder).map_err(|error| match error {
        crate::error::WalError::Locked { folder } => anyhow::anyhow!(
            "{} is in use by lakefront-ingest, and may hold such rows: stop it, which commits what is in the log, run this, and \
             start it again",
            folder.display()
        ),
        error => error.into(),
    })
}

fn print_day(table: &str, what: &str, day: &SelectedDay) {
    println!(
        "{table} {}: {what} {} of {} rows, in {} files",
        day.day, day.selected, day.rows, day.files
    );
}
