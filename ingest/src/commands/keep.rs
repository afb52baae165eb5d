//! The command `keep`: moves landed rows by hand, or as a scheduled job.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;

use super::LakeArguments;
use crate::config::LandingConfig;
use crate::fields::Fields;
use crate::keeper::Keeper;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest keep --catalog-uri https://catalog.example --catalog-warehouse lake
  lakefront-ingest keep --json

It moves what has landed and ends. Run it again and again, for example every minute; several at once do no harm.";

/// The arguments of `keep`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    lake: LakeArguments,

    #[command(flatten)]
    landing: LandingConfig,

    /// Print the rows by table and hour as one JSON document
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Moves the rows that have landed, and prints the reconciliation.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let place = self.lake.location()?;
        let fields = Arc::new(Fields::new(true));
        let keep = self.landing.landing_keep;
        let mut keeper = Keeper::new(self.lake.open().await?, place, keep, fields)?;
        let report = keeper.run().await?;
        if let Err(error) = keeper.write_fields().await {
            tracing::warn!(%error, "the fields of the moved rows are not counted");
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            for (table, status) in &report.tables {
                let stages = BTreeMap::from(status.stages());
                println!(
                    "{table}: {} rows accepted, {} landed, {} moved, {} repeated, {} unreadable, {} missing",
                    stages["accepted"],
                    stages["landed"],
                    stages["moved"],
                    stages["repeated"],
                    stages["unreadable"],
                    stages["missing"]
                );
            }
        }
        match report.last_error {
            Some(error) => anyhow::bail!("{}: {}", error.table, error.message),
            None => Ok(()),
        }
    }
}
