//! The errors of this crate: a configuration with which the Worker cannot start.

use lakefront_hosts::BadHost;
use thiserror::Error;

/// An error in the Worker's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No engine is configured.
    #[error(
        "CHDB_URL is not set and there is no CHDB_CONTAINER binding: set one of them, e.g. CHDB_URL=http://127.0.0.1:8686"
    )]
    NoEngine,
    /// A variable is not the address of a server.
    #[error("{name} is not an address such as http://127.0.0.1:8686: {problem}")]
    Url {
        /// The name of the variable.
        name: &'static str,
        /// The reason why the address is not accepted.
        problem: String,
    },
    /// `CLICKHOUSE` is not a list of servers.
    #[error(
        "CLICKHOUSE must be a list such as [{{\"name\":\"us\",\"url\":\"https://host:8443\",\"region\":\"us\",\"latitude\":39.0,\"longitude\":-77.5}}]: {0}"
    )]
    Clickhouse(String),
    /// `ALLOWED_HOSTS` is not a list of names.
    #[error("ALLOWED_HOSTS: {0}")]
    AppState(#[from] BadHost),
    /// `FUNNELS` is not a list of funnels.
    #[error("FUNNELS: {0}")]
    Funnels(String),
    /// A variable is not the name of a header.
    #[error("{name} is not the name of a header such as x-lakefront-location")]
    Header {
        /// The name of the variable.
        name: &'static str,
    },
    /// A switch is neither `on` nor `off`.
    #[error("{name} must be on or off")]
    Switch {
        /// The name of the variable.
        name: &'static str,
    },
    /// A number, or a number of seconds, is not whole or not in its range.
    #[error("{name} must be a whole number from 1 to {most}")]
    Number {
        /// The name of the variable.
        name: &'static str,
        /// The largest number.
        most: u16,
    },
    /// `LANDING` names no way of landing.
    #[error("LANDING must be pipelines, or not set")]
    Landing,
    /// `LANDING_STREAMS` is not the address of each stream.
    #[error(
        "LANDING_STREAMS must be {{\"otel_logs\":\"https://….ingest.cloudflare.com\", …}} with an address for each of the streams that \
         `lakefront deploy --landing-only` prints: {0}"
    )]
    Streams(String),
    /// `WATCH` has no thresholds.
    #[error(
        "WATCH must be a JSON object of thresholds such as {{\"clickhouseLagSeconds\":3600}}; the names are those of \
         crates/api/src/thresholds.json: {0}"
    )]
    Watch(String),
    /// `WATCH_WEBHOOK` is no address. The text is a secret.
    #[error("{name} is not an address such as https://hooks.slack.com/services/…")]
    Webhook {
        /// The name of the variable.
        name: &'static str,
    },
    /// A variable has something that is no rule for a key.
    #[error("{variable}: {fault}")]
    KeyRules {
        /// The name of the variable.
        variable: &'static str,
        /// The first rule that cannot be read.
        fault: lakefront_otlp::InvalidRule,
    },
    /// A variable names a key that does not exist.
    #[error("{variable} names {name:?}, and INGEST_KEYS has no key of that name; expected {name}=KEY there")]
    UnknownKey {
        /// The name of the variable.
        variable: &'static str,
        /// The name of the key.
        name: String,
    },
    /// `USAGE_SECONDS` is no number, or too large.
    #[error("USAGE_SECONDS: expected whole seconds, at most {0}; 0 turns the counts off")]
    UsageSeconds(u64),
    /// `VISITOR_SECRET` is too short.
    #[error("VISITOR_SECRET: {0}")]
    VisitorSecret(&'static str),
    /// A secret is too short or has characters that a header cannot hold.
    #[error("{name} must be at least 16 visible ASCII characters; `openssl rand -hex 32` makes one")]
    Secret {
        /// The name of the variable.
        name: &'static str,
    },
}
