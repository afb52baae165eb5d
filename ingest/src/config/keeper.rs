//! The settings of the keeper.

use std::time::Duration;

use clap::Args;

use super::{Switch, parse_duration, parse_interval};

/// Rows that land through Cloudflare Pipelines, and the keeper that moves them into the lake.
#[derive(Clone, Debug, Args)]
pub struct KeeperConfig {
    /// Move rows from the landing tables into the lake, beside the commits
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEEPER",
        value_enum,
        default_value_t = Switch::Off
    )]
    pub keeper: Switch,

    /// Time between two runs of the keeper
    #[arg(long, env = "LAKEFRONT_INGEST_KEEPER_INTERVAL", default_value = "60s", value_parser = parse_interval, value_name = "DURATION")]
    pub keeper_interval: Duration,

    #[command(flatten)]
    landing: LandingConfig,
}

/// Landed files.
#[derive(Clone, Debug, Args)]
pub struct LandingConfig {
    /// Time for which a landed file stays in its table after its rows were moved, at most 24h. Below 30m, rows that land
    /// again are not recognised after a restart
    #[arg(long, env = "LAKEFRONT_INGEST_LANDING_KEEP", default_value = "1h", value_parser = parse_landing_keep, value_name = "DURATION")]
    pub landing_keep: Duration,
}

/// Parses a time of at most a day. The keeper remembers for two days when it moved a file.
fn parse_landing_keep(text: &str) -> Result<Duration, String> {
    let keep = parse_duration(text)?;
    if keep > Duration::from_secs(24 * 3600) {
        return Err(format!("expected at most 24h, got {text:?}"));
    }
    Ok(keep)
}

impl KeeperConfig {
    /// Returns true if the keeper runs beside the server.
    pub fn is_on(&self) -> bool {
        self.keeper == Switch::On
    }

    /// Returns the time for which a landed file stays after its rows were moved.
    pub fn landing_keep(&self) -> Duration {
        self.landing.landing_keep
    }
}
