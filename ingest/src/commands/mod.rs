//! The commands that work on a lake without a running server: `compact`, `erase`, `keep`, `retain` and `status`; and
//! `pipelines`, which describes what feeds it.

mod compact;
mod erase;
mod keep;
mod pipelines;
mod retain;
mod status;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use lakefront_lake::{Lake, LakeConfig, LakeLocation, RestCatalogConfig};
use lakefront_otel::Table;

/// The program with one of its commands.
#[derive(Debug, Parser)]
#[command(name = "lakefront-ingest", version)]
pub struct Commands {
    /// The command
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Rewrites small data files of a lake as few large ones, as the server does by itself
    Compact(compact::Arguments),
    /// Erases rows of a user, visitor, service or time from the lake, its history and the log
    Erase(erase::Arguments),
    /// Moves rows that landed through Cloudflare Pipelines into the lake, as the server does with --keeper on
    Keep(keep::Arguments),
    /// Writes files for the streams, sinks and pipelines through which the Worker's rows land
    Pipelines(pipelines::Arguments),
    /// Drops days that tables no longer keep, as the server does every hour
    Retain(retain::Arguments),
    /// Shows the rows, files and snapshots of each table
    Status(status::Arguments),
}

/// The lake that a command works on.
#[derive(Debug, Args)]
struct LakeArguments {
    /// Data folder of ingest: the tables are in DIR/lake, unless there is a --catalog-uri
    #[arg(long, env = "LAKEFRONT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    remote: RestCatalogConfig,
}

impl LakeArguments {
    fn location(&self) -> anyhow::Result<LakeLocation> {
        Ok(match &self.data {
            _ if self.remote.is_configured() => LakeLocation::new(&self.remote, PathBuf::new()),
            Some(data) => LakeLocation::Folder(data.join("lake")),
            None => anyhow::bail!(
                "name the lake: --data DIR (LAKEFRONT_DATA) of ingest, or --catalog-uri (LAKEFRONT_CATALOG_URI)"
            ),
        })
    }

    async fn open(&self) -> anyhow::Result<Lake> {
        let location = self.location()?;
        if let LakeLocation::Folder(folder) = &location
            && !folder.join("catalog.db").is_file()
        {
            anyhow::bail!(
                "{} has no lake: --data must be the folder that ingest was started with",
                folder.display()
            );
        }
        Ok(Lake::open(LakeConfig::at(location)).await?)
    }
}

impl Commands {
    /// Returns true if `argument` is the name of a command.
    pub fn has(argument: &std::ffi::OsStr) -> bool {
        argument
            .to_str()
            .is_some_and(|name| Self::command().find_subcommand(name).is_some())
    }

    /// Runs the command, and prints its result.
    ///
    /// # Errors
    /// When the lake can't be opened, read or written.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Compact(arguments) => arguments.run().await,
            Command::Erase(arguments) => arguments.run().await,
            Command::Keep(arguments) => arguments.run().await,
            Command::Pipelines(arguments) => arguments.run(),
            Command::Retain(arguments) => arguments.run().await,
            Command::Status(arguments) => arguments.run().await,
        }
    }
}

/// Parses the name of a table, also without `otel_`.
pub(crate) fn parse_table(name: &str) -> Result<&'static Table, String> {
    let tables = lakefront_otel::tables();
    let found = tables
        .iter()
        .find(|table| table.name == name || table.name.strip_prefix("otel_") == Some(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}
