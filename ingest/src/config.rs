//! Configuration: flags, each with an environment variable.

mod bearer_keys;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{Args, Parser, ValueEnum};
use lakefront_hosts::HostName;
use lakefront_lake::{Place, RemoteLake};

pub use bearer_keys::BearerKeys;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest --data ~/lakefront
  lakefront-ingest --data /srv/lakefront --listen 0.0.0.0:4318 --commit-interval 30s --trust-proxy
  LAKEFRONT_INGEST_KEYS=key-of-shop,key-of-blog lakefront-ingest --data /srv/lakefront --ack snapshot

Then point an OpenTelemetry SDK at it:
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf";

/// Takes OTLP/HTTP, acknowledges it once durable, and commits it to the lake's Iceberg tables exactly once.
#[derive(Clone, Debug, Parser)]
#[command(name = "lakefront-ingest", version, after_help = EXAMPLES)]
pub struct Config {
    /// The HTTP server.
    #[command(flatten)]
    pub server: ServerConfig,
    /// The write-ahead log.
    #[command(flatten)]
    pub log: LogConfig,
    /// Commits to the lake.
    #[command(flatten)]
    pub commit: CommitConfig,
    /// The lake, where it is in no folder.
    #[command(flatten)]
    pub remote: RemoteLake,
}

/// The HTTP server.
#[derive(Clone, Debug, Args)]
pub struct ServerConfig {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "LAKEFRONT_INGEST_LISTEN", default_value = "127.0.0.1:4318")]
    pub listen: SocketAddr,

    /// Keys of which a request must carry one as `Authorization: Bearer KEY`, separated by commas; none means open to all
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEYS",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        value_name = "KEY,…"
    )]
    pub keys: BearerKeys,

    /// Origins whose pages may send from a browser, separated by commas, or `*` for all
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_ALLOW_ORIGIN",
        default_value = "*",
        value_delimiter = ','
    )]
    pub allow_origin: Vec<String>,

    /// Host names, separated by commas, under which /health and /metrics are answered without a key, beside 127.0.0.1,
    /// localhost and [::1]; `*` allows every host
    #[arg(
        long,
        env = "LAKEFRONT_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<HostName>,

    /// Take the sender's address and country from X-Forwarded-For and CF-IPCountry (only behind a proxy that sets them)
    #[arg(long, env = "LAKEFRONT_INGEST_TRUST_PROXY")]
    pub trust_proxy: bool,

    /// Largest request body, before and after decompression
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_MAX_BODY",
        default_value = "16MiB",
        value_name = "SIZE"
    )]
    pub max_body: ByteSize,

    /// Bytes of request bodies held at once; more have to wait, then get 429
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_MAX_IN_FLIGHT",
        default_value = "64MiB",
        value_name = "SIZE"
    )]
    pub max_in_flight: ByteSize,
}

/// The write-ahead log.
#[derive(Clone, Debug, Args)]
pub struct LogConfig {
    /// Data folder: the write-ahead log is in DIR/wal; the tables are in DIR/lake, unless there is a --catalog-uri
    #[arg(long, env = "LAKEFRONT_DATA", value_name = "DIR")]
    pub data: PathBuf,

    /// When a request is acknowledged
    #[arg(long, env = "LAKEFRONT_INGEST_ACK", value_enum, default_value_t = Ack::Durable)]
    pub ack: Ack,

    /// Size of the write-ahead log past which requests get 503; it grows while the lake cannot be written
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_WAL_LIMIT",
        default_value = "4GiB",
        value_name = "SIZE"
    )]
    pub wal_limit: ByteSize,

    /// Free space of the log's disk that is kept for commits, at most a quarter of the disk; below it requests get 503. Where
    /// the lake's files are on the same disk, as much as the log has to commit is kept besides
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_DISK_RESERVE",
        default_value = "256MiB",
        value_name = "SIZE"
    )]
    pub disk_reserve: ByteSize,
}

/// When a request is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ack {
    /// Once it is synced to the write-ahead log
    Durable,
    /// Once it is in a snapshot of the lake
    Snapshot,
}

/// Commits to the lake. The first of the three bounds that is reached makes a commit.
#[derive(Clone, Debug, Args)]
pub struct CommitConfig {
    /// Age of the oldest row
    #[arg(long, env = "LAKEFRONT_INGEST_COMMIT_INTERVAL", default_value = "10s", value_parser = parse_interval, value_name = "DURATION")]
    pub commit_interval: Duration,

    /// Number of rows
    #[arg(long, env = "LAKEFRONT_INGEST_COMMIT_ROWS", default_value_t = 75_000, value_parser = clap::value_parser!(u64).range(1..), value_name = "ROWS")]
    pub commit_rows: u64,

    /// Bytes of requests, decoded, roughly
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMMIT_BYTES",
        default_value = "128MiB",
        value_name = "SIZE"
    )]
    pub commit_bytes: ByteSize,
}

/// A contradiction between settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A body could never be held.
    #[error(
        "--max-in-flight (LAKEFRONT_INGEST_MAX_IN_FLIGHT) is {in_flight}; it must be at least --max-body \
         (LAKEFRONT_INGEST_MAX_BODY), which is {body}"
    )]
    InFlightBelowBody {
        /// `--max-in-flight`
        in_flight: ByteSize,
        /// `--max-body`
        body: ByteSize,
    },
    /// A size that the counters cannot hold.
    #[error("--max-in-flight (LAKEFRONT_INGEST_MAX_IN_FLIGHT) is {in_flight}; it must be below 4GiB")]
    InFlightTooLarge {
        /// `--max-in-flight`
        in_flight: ByteSize,
    },
    /// Not even one body fits the log.
    #[error(
        "--wal-limit (LAKEFRONT_INGEST_WAL_LIMIT) is {limit}; it must be at least four times --max-body \
         (LAKEFRONT_INGEST_MAX_BODY), which is {body}"
    )]
    LogTooSmall {
        /// `--wal-limit`
        limit: ByteSize,
        /// `--max-body`
        body: ByteSize,
    },
    /// An origin that no browser sends.
    #[error(
        "--allow-origin (LAKEFRONT_INGEST_ALLOW_ORIGIN) names {origin:?}; expected `*` or origins such as \
         https://shop.example"
    )]
    Origin {
        /// What was given.
        origin: String,
    },
}

impl Config {
    /// Where the lake is.
    pub fn place(&self) -> Place {
        self.remote.or_folder(self.log.data.join("lake"))
    }

    /// Checks settings against each other.
    pub fn check(&self) -> Result<(), ConfigError> {
        let ServerConfig {
            max_body: body,
            max_in_flight: in_flight,
            ..
        } = self.server;
        let limit = self.log.wal_limit;
        if in_flight < body {
            return Err(ConfigError::InFlightBelowBody { in_flight, body });
        }
        if in_flight.as_u64() > u64::from(u32::MAX) {
            return Err(ConfigError::InFlightTooLarge { in_flight });
        }
        if limit.as_u64() / 4 < body.as_u64() {
            return Err(ConfigError::LogTooSmall { limit, body });
        }
        for origin in &self.server.allow_origin {
            let browser_sends_it = origin == "*"
                || (origin.contains("://")
                    && !origin.ends_with('/')
                    && origin.parse::<http::HeaderValue>().is_ok());
            if !browser_sends_it {
                return Err(ConfigError::Origin {
                    origin: origin.clone(),
                });
            }
        }
        Ok(())
    }
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let expected = || format!("expected a duration such as 500ms, 10s or 1m, got {text:?}");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| *duration >= Duration::from_millis(50))
        .ok_or_else(|| format!("{}, at least 50ms", expected()))
}
