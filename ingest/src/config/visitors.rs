//! The settings for visitors without a user id.

use clap::Args;
use jiff::tz::TimeZone;
use lakefront_otlp::VisitorSecret;

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

fn parse_zone(name: &str) -> Result<TimeZone, String> {
    let unknown = |_| format!("`{name}` is no IANA time zone; expected a name such as Europe/Berlin or UTC");
    lakefront_api::time_zone(name).map_err(unknown)
}
