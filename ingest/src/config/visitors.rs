//! The settings for visitors without a user id.

use std::{fmt, str::FromStr};

use clap::Args;
use jiff::tz::TimeZone;

/// Visitors without a user id, who are counted once a day.
#[derive(Clone, Debug, Args)]
pub struct VisitorConfig {
    /// IANA time zone of the day on which a visitor without a user id counts once
    #[arg(long, env = "LAKEFRONT_INGEST_VISITOR_ZONE", default_value = "UTC", value_parser = parse_zone, value_name = "ZONE")]
    pub visitor_zone: TimeZone,

    /// Text of 16 characters or more that several ingests share, so that a visitor of all of them counts once. Without
    /// it, each has a random key that it forgets after the day
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_VISITOR_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub visitor_secret: Option<VisitorSecret>,
}

/// A secret from which the keys of all days follow.
#[derive(Clone)]
pub struct VisitorSecret(String);

impl VisitorSecret {
    /// Returns the bytes of the secret.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for VisitorSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.chars().count() {
            16.. => Ok(Self(text.to_owned())),
            _ => {
                Err("expected 16 characters or more, because addresses can be found by trying short secrets")
            }
        }
    }
}

impl fmt::Debug for VisitorSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VisitorSecret")
    }
}

fn parse_zone(name: &str) -> Result<TimeZone, String> {
    let unknown = |_| format!("`{name}` is no IANA time zone; expected a name such as Europe/Berlin or UTC");
    lakefront_api::time_zone(name).map_err(unknown)
}
