//! Configuration: flags, each with an environment variable. Docstrings of flags are the text of `--help`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use lakefront_hosts::HostName;
use lakefront_lake::{LakeLocation, RestCatalogConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::clickhouse::Target;

const EXAMPLES: &str = "\
Examples:
  lakefront-sync run --lake ./data/lake --clickhouse http://127.0.0.1:8123
  lakefront-sync run --interval 30s --listen 127.0.0.1:8190      # the rest from the environment
  lakefront-sync backfill --from 2026-03-01 --to 2026-03-07
  lakefront-sync audit --repair
  LAKEFRONT_CLICKHOUSE=https://us.example:8443,https://eu.example:8443 LAKEFRONT_SYNC_PASSWORD=… lakefront-sync status";

/// Keeps ClickHouse in step with the lake: loads every data file once, and keeps all views.
#[derive(Clone, Debug, Parser)]
#[command(name = "lakefront-sync", version, after_help = EXAMPLES)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Create or update the tables of each ClickHouse
    #[command(after_help = "Example:\n  lakefront-sync migrate --clickhouse http://127.0.0.1:8123")]
    Migrate(Targets),
    /// Bring each ClickHouse in step with the lake, then end
    #[command(
        after_help = "Example:\n  lakefront-sync once --lake ./data/lake --clickhouse http://127.0.0.1:8123"
    )]
    Once(Sync),
    /// Bring each ClickHouse in step with the lake again and again
    #[command(
        after_help = "Example:\n  lakefront-sync run --interval 5m --lake ./data/lake --clickhouse http://127.0.0.1:8123"
    )]
    Run(Run),
    /// Fill each ClickHouse from the lake, newest day first, and show progress; may be stopped and started again
    #[command(after_help = "Example:\n  lakefront-sync backfill --from 2026-03-01 --to 2026-03-07")]
    Backfill(Backfill),
    /// Compare each ClickHouse with the lake, day by day, row by row
    #[command(after_help = "Example:\n  lakefront-sync audit --from 2026-03-01 --repair")]
    Audit(Audit),
    /// Show what each ClickHouse holds, and how late it is
    #[command(
        after_help = "Example:\n  lakefront-sync status --lake ./data/lake --clickhouse http://127.0.0.1:8123"
    )]
    Status(Sync),
}

/// The ClickHouses and their credentials.
#[derive(Clone, Debug, Args)]
pub struct Targets {
    /// Address of a ClickHouse's HTTP interface; several, or separated by commas, are kept in step independently
    #[arg(
        long,
        env = "LAKEFRONT_CLICKHOUSE",
        value_delimiter = ',',
        required = true,
        value_parser = parse_target,
        value_name = "URL"
    )]
    pub clickhouse: Vec<Url>,

    /// User that may write to the database otel
    #[arg(
        long,
        env = "LAKEFRONT_SYNC_USER",
        default_value = "sync",
        value_name = "NAME"
    )]
    pub user: String,

    /// Password of the user; better in the environment than on the command line
    #[arg(
        long,
        env = "LAKEFRONT_SYNC_PASSWORD",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        value_name = "PASSWORD"
    )]
    pub password: SecretString,
}

/// The lake and the ClickHouses.
#[derive(Clone, Debug, Args)]
pub struct Sync {
    /// The ClickHouses.
    #[command(flatten)]
    pub targets: Targets,

    /// Folder of the lake: the one with catalog.db. `run` waits for it to appear
    #[arg(
        long,
        env = "LAKEFRONT_LAKE",
        value_name = "DIR",
        required_unless_present = "catalog_uri"
    )]
    pub lake: Option<PathBuf>,

    /// Process that reads the data files
    #[arg(long, env = "LAKEFRONT_SYNC_READ", value_enum, default_value_t = Read::Auto)]
    pub read: Read,

    /// Number of concurrent inserts
    #[arg(long, env = "LAKEFRONT_SYNC_PARALLEL", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64), value_name = "N")]
    pub parallel: u16,

    /// Time after which another sync may take over from one without a heartbeat; the same for all that write to one
    /// ClickHouse
    #[arg(long, env = "LAKEFRONT_SYNC_LEASE", default_value = "15s", value_parser = parse_lease, value_name = "DURATION")]
    pub lease: Duration,

    /// The lake, if it is not in a folder.
    #[command(flatten)]
    pub remote: RestCatalogConfig,
}

impl Sync {
    /// Returns the location of the lake.
    pub fn lake_location(&self) -> LakeLocation {
        LakeLocation::new(&self.remote, self.lake.clone().unwrap_or_default())
    }
}

/// The process that reads the data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Read {
    /// ClickHouse if its file() can read the lake's folder, else this program
    Auto,
    /// ClickHouse, with file()
    Server,
    /// This program, which sends the files
    Stream,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// The lake and the ClickHouses.
    #[command(flatten)]
    pub sync: Sync,

    /// Time between the starts of two rounds
    #[arg(long, env = "LAKEFRONT_SYNC_INTERVAL", default_value = "5m", value_parser = parse_interval, value_name = "DURATION")]
    pub interval: Duration,

    /// Address of /health and /metrics; port 0 takes a free one
    #[arg(long, env = "LAKEFRONT_SYNC_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Accepted host names besides 127.0.0.1, localhost and `[::1]`, separated by commas; `*` accepts every host
    #[arg(
        long,
        env = "LAKEFRONT_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<HostName>,
}

/// A range of days.
#[derive(Clone, Copy, Debug, Args)]
pub struct Days {
    /// First UTC day
    #[arg(long, value_name = "DAY")]
    pub from: Option<Date>,

    /// Last UTC day
    #[arg(long, value_name = "DAY")]
    pub to: Option<Date>,
}

impl Days {
    /// Returns the range of days. A missing end leaves the range open.
    pub fn range(&self) -> std::ops::RangeInclusive<Date> {
        self.from.unwrap_or(Date::MIN)..=self.to.unwrap_or(Date::MAX)
    }
}

/// Arguments of `backfill`.
#[derive(Clone, Debug, Args)]
pub struct Backfill {
    /// The lake and the ClickHouses.
    #[command(flatten)]
    pub sync: Sync,
    /// The days to load.
    #[command(flatten)]
    pub days: Days,
}

/// Arguments of `audit`.
#[derive(Clone, Debug, Args)]
pub struct Audit {
    /// The lake and the ClickHouses.
    #[command(flatten)]
    pub sync: Sync,
    /// The days to compare.
    #[command(flatten)]
    pub days: Days,

    /// Rebuild the days that differ
    #[arg(long)]
    pub repair: bool,
}

impl Targets {
    /// Creates a client for each ClickHouse.
    pub fn open(&self) -> Vec<Target> {
        self.clickhouse
            .iter()
            .map(|url| Target::new(url, &self.user, self.password.expose_secret()))
            .collect()
    }
}

fn parse_target(text: &str) -> Result<Url, String> {
    let url: Url = text
        .trim()
        .parse()
        .map_err(|_| format!("expected an address such as http://127.0.0.1:8123, got {text:?}"))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(format!("expected http://… or https://…, got {text:?}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "user and password do not belong into the address: give them by LAKEFRONT_SYNC_USER and \
                    LAKEFRONT_SYNC_PASSWORD"
                .to_owned(),
        );
    }
    Ok(url)
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    parse_duration(text, Duration::from_millis(100))
}

fn parse_lease(text: &str) -> Result<Duration, String> {
    parse_duration(text, Duration::from_millis(20))
}

fn parse_duration(text: &str, least: Duration) -> Result<Duration, String> {
    let expected = || format!("expected a duration such as 2s, 30s or 5m, got {text:?}");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| *duration >= least)
        .ok_or_else(|| format!("{}, at least {least:?}", expected()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn errors_name_flag_and_variable() {
        let error = |arguments: &[&str]| {
            let all = ["lakefront-sync", "once"].iter().chain(arguments);
            Cli::try_parse_from(all).expect_err("it is wrong").to_string()
        };
        let missing = error(&["--lake", "x"]);
        assert!(missing.contains("--clickhouse"), "{missing}");
        let secret = error(&["--lake", "x", "--clickhouse", "http://sync:p@h:8123"]);
        assert!(secret.contains("LAKEFRONT_SYNC_PASSWORD"), "{secret}");
        let scheme = error(&["--lake", "x", "--clickhouse", "tcp://h:9000"]);
        assert!(scheme.contains("expected http://"), "{scheme}");
    }

    #[test]
    fn several_clickhouses_by_flag_or_commas() {
        let cli = Cli::try_parse_from([
            "lakefront-sync",
            "migrate",
            "--clickhouse",
            "http://a:8123,https://b:8443",
            "--clickhouse",
            "http://c:8123",
        ])
        .expect("it is right");
        let Command::Migrate(targets) = cli.command else {
            panic!("expected migrate")
        };
        let names: Vec<String> = targets
            .open()
            .iter()
            .map(|target| target.name().to_owned())
            .collect();
        assert_eq!(names, ["a:8123", "b:8443", "c:8123"]);
    }
}
