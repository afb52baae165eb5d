//! The configuration of the program: flags, each with an environment variable.

mod grpc_listen;
mod keep_days;
mod keeper;
mod visitors;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{Args, Parser, ValueEnum};
use lakefront_hosts::HostName;
use lakefront_lake::{CompactionSettings, LakeLocation, RestCatalogConfig};
use lakefront_otlp::{BearerKeys, KeyBudgets, KeyOrigins, unknown_names};

pub use grpc_listen::GrpcListen;
pub use keep_days::{KeepDays, RetentionConfig};
pub use keeper::{KeeperConfig, LandingConfig};
pub use visitors::VisitorConfig;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest --data ~/lakefront
  lakefront-ingest --data /srv/lakefront --listen 0.0.0.0:4318 --commit-interval 30s --trust-proxy
  LAKEFRONT_INGEST_KEYS=key-of-shop,key-of-blog lakefront-ingest --data /srv/lakefront --ack snapshot

Commands on a lake, beside a running server or without one:
  lakefront-ingest status --help
  lakefront-ingest compact --help
  lakefront-ingest keep --help
  lakefront-ingest pipelines --help
  lakefront-ingest retain --help

Then point an OpenTelemetry SDK at it, by gRPC or HTTP:
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 OTEL_EXPORTER_OTLP_PROTOCOL=grpc
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf";

/// Takes OTLP by HTTP and gRPC, acknowledges it once durable, and commits it to the lake's Iceberg tables exactly once.
#[derive(Clone, Debug, Parser)]
#[command(name = "lakefront-ingest", version, after_help = EXAMPLES)]
pub struct Config {
    /// The HTTP server.
    #[command(flatten)]
    pub server: ServerConfig,
    /// Visitors without a user id.
    #[command(flatten)]
    pub visitors: VisitorConfig,
    /// The write-ahead log.
    #[command(flatten)]
    pub log: LogConfig,
    /// Commits to the lake.
    #[command(flatten)]
    pub commit: CommitConfig,
    /// Compaction of the lake.
    #[command(flatten)]
    pub compaction: CompactionConfig,
    /// Retention of the lake.
    #[command(flatten)]
    pub retention: RetentionConfig,
    /// Rows that land through Cloudflare Pipelines.
    #[command(flatten)]
    pub keeper: KeeperConfig,
    /// The lake, if it is not in a local folder.
    #[command(flatten)]
    pub remote: RestCatalogConfig,
}

/// The HTTP server.
#[derive(Clone, Debug, Args)]
pub struct ServerConfig {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "LAKEFRONT_INGEST_LISTEN", default_value = "127.0.0.1:4318")]
    pub listen: SocketAddr,

    /// Second address, at which SDKs that send gRPC expect the server; `off` for none. Both addresses take HTTP and gRPC
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_GRPC_LISTEN",
        default_value = "127.0.0.1:4317",
        value_name = "ADDRESS|off"
    )]
    pub grpc_listen: GrpcListen,

    /// Keys, separated by commas; a request must carry one as `Authorization: Bearer KEY`. None means that no key is
    /// needed. A key may have a name before it, as in `shop=KEY`, under which the Usage page counts what it sends
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEYS",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        value_name = "KEY,…"
    )]
    pub keys: BearerKeys,

    /// Origins whose pages may use a key, by its name: `shop=https://shop.example,shop=https://www.shop.example`. A key without a
    /// rule may be used from everywhere; one with a rule by pages of its origins alone
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEY_ORIGINS",
        default_value = "",
        hide_default_value = true,
        value_name = "NAME=ORIGIN,…"
    )]
    pub key_origins: KeyOrigins,

    /// Bytes of request bodies, after decompression, that a key may send in a day of UTC, by its name: `shop=2GiB,blog=500MB`.
    /// Requests past that get 429 until the day is over
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEY_BUDGETS",
        default_value = "",
        hide_default_value = true,
        value_name = "NAME=SIZE,…"
    )]
    pub key_budgets: KeyBudgets,

    /// Key of the router (its INGEST_KEY), which is accepted like the others. With it, events of the router's queries,
    /// which the Operations page shows, are taken from its holder alone; without it, from every sender but browsers.
    /// Live rows are shown to its holder alone; without it, to programs of this machine
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_ROUTER_KEY",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        value_name = "KEY"
    )]
    pub router_key: BearerKeys,

    /// Origins whose pages may send from a browser, separated by commas, or `*` for all
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_ALLOW_ORIGIN",
        default_value = "*",
        value_delimiter = ','
    )]
    pub allow_origin: Vec<String>,

    /// Host names, separated by commas, under which /health and /metrics are answered without a key, beside 127.0.0.1,
    /// localhost and `[::1]`; `*` allows every host
    #[arg(
        long,
        env = "LAKEFRONT_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<HostName>,

    /// Proxies in front of the server that add to X-Forwarded-For. With N, the sender's address is the N-th entry from
    /// the right, and the country comes from CF-IPCountry. The flag alone means 1
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_TRUST_PROXY",
        default_value = "0",
        default_missing_value = "1",
        num_args = 0..=1,
        require_equals = true,
        value_parser = parse_proxies,
        value_name = "N"
    )]
    pub trust_proxy: u8,

    /// Largest request body, before and after decompression
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_MAX_BODY",
        default_value = "16MiB",
        value_name = "SIZE"
    )]
    pub max_body: ByteSize,

    /// Bytes of request bodies held at once; further requests wait, then get 429
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_MAX_IN_FLIGHT",
        default_value = "64MiB",
        value_name = "SIZE"
    )]
    pub max_in_flight: ByteSize,

    /// Bytes of request bodies held at once for one sender, by address (IPv6: by /64); default half of --max-in-flight,
    /// and never less than --max-body
    #[arg(long, env = "LAKEFRONT_INGEST_MAX_IN_FLIGHT_PER_SENDER", value_name = "SIZE")]
    pub max_in_flight_per_sender: Option<ByteSize>,

    /// Connections of one address; not limited with --trust-proxy, because all connections have the proxy's address
    /// then
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_MAX_CONNECTIONS_PER_SENDER",
        default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "N"
    )]
    pub max_connections_per_sender: u32,

    /// Time for a body to arrive; each third of it must bring 16 KiB or the end of the body
    #[arg(long, env = "LAKEFRONT_INGEST_BODY_TIMEOUT", default_value = "30s", value_parser = parse_interval, value_name = "DURATION")]
    pub body_timeout: Duration,

    /// Time for the head of a request to arrive, also on a connection that is kept open, by HTTP and by gRPC
    #[arg(long, env = "LAKEFRONT_INGEST_HEAD_TIMEOUT", default_value = "65s", value_parser = parse_interval, value_name = "DURATION")]
    pub head_timeout: Duration,

    /// Time for which accepted requests are remembered, so that a repeated request is stored once; 0s turns this off
    #[arg(long, env = "LAKEFRONT_INGEST_REMEMBER_BATCHES", default_value = "10m", value_parser = parse_duration, value_name = "DURATION")]
    pub remember_batches: Duration,

    /// Time between two writes of what senders sent into the lake, which the Usage page shows; 0s turns this off,
    /// and with it the counts of fields from which the search box completes
    #[arg(long, env = "LAKEFRONT_INGEST_USAGE_INTERVAL", default_value = "10m", value_parser = parse_duration, value_name = "DURATION")]
    pub usage_interval: Duration,
}

impl ServerConfig {
    /// Returns the bytes of request bodies that may be held for one sender.
    pub fn in_flight_per_sender(&self) -> u64 {
        let half = self.max_in_flight.as_u64() / 2;
        let share = self.max_in_flight_per_sender.map_or(half, |share| share.as_u64());
        share.max(self.max_body.as_u64()).min(self.max_in_flight.as_u64())
    }
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

    /// Time that a request waits for its snapshot with --ack=snapshot; past it the answer is 503, and the request is kept
    #[arg(long, env = "LAKEFRONT_INGEST_ACK_TIMEOUT", default_value = "60s", value_parser = parse_interval, value_name = "DURATION")]
    pub ack_timeout: Duration,

    /// Size of the write-ahead log past which requests get 503; it grows while the lake cannot be written
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_WAL_LIMIT",
        default_value = "4GiB",
        value_name = "SIZE"
    )]
    pub wal_limit: ByteSize,

    /// Free space of the log's disk that is reserved for commits, at most a quarter of the disk; below it requests get
    /// 503. If the lake's files are on the same disk, as much space as the log has to commit is reserved in addition
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_DISK_RESERVE",
        default_value = "256MiB",
        value_name = "SIZE"
    )]
    pub disk_reserve: ByteSize,
}

/// The point at which a request is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ack {
    /// Once it is synced to the write-ahead log
    Durable,
    /// Once it is in a snapshot of the lake
    Snapshot,
}

/// Commits to the lake. A commit is made when the first of the three bounds is reached.
#[derive(Clone, Debug, Args)]
pub struct CommitConfig {
    /// Age of the oldest row
    #[arg(long, env = "LAKEFRONT_INGEST_COMMIT_INTERVAL", default_value = "10s", value_parser = parse_interval, value_name = "DURATION")]
    pub commit_interval: Duration,

    /// Number of rows
    #[arg(long, env = "LAKEFRONT_INGEST_COMMIT_ROWS", default_value_t = 75_000, value_parser = clap::value_parser!(u64).range(1..), value_name = "ROWS")]
    pub commit_rows: u64,

    /// Approximate bytes of decoded requests
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMMIT_BYTES",
        default_value = "128MiB",
        value_name = "SIZE"
    )]
    pub commit_bytes: ByteSize,
}

/// Compaction of the lake: small files of a day are rewritten as few large ones.
#[derive(Clone, Debug, Args)]
pub struct CompactionConfig {
    /// Rewrite small files of the lake beside the commits, so that queries stay fast
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMPACTION",
        value_enum,
        default_value_t = Switch::On
    )]
    pub compaction: Switch,

    /// Share of the time in which compaction works, in percent of one processor
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMPACTION_SHARE",
        default_value_t = 25,
        value_parser = clap::value_parser!(u32).range(1..=100),
        value_name = "PERCENT"
    )]
    pub compaction_share: u32,

    /// The rewritten files.
    #[command(flatten)]
    pub files: CompactedFiles,
}

/// The files that compaction makes, and the memory that it takes.
#[derive(Clone, Copy, Debug, Args)]
pub struct CompactedFiles {
    /// Memory of a rewrite
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMPACTION_MEMORY",
        default_value = "256MiB",
        value_name = "SIZE"
    )]
    pub compaction_memory: ByteSize,

    /// Size of the files that compaction aims at; a file of two thirds of it is not rewritten again
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_COMPACTION_FILE_SIZE",
        default_value = "192MiB",
        value_name = "SIZE"
    )]
    pub compaction_file_size: ByteSize,
}

impl CompactedFiles {
    /// Returns the settings as the lake takes them.
    pub fn settings(&self) -> CompactionSettings {
        CompactionSettings {
            target_bytes: self.compaction_file_size.as_u64(),
            memory_bytes: usize::try_from(self.compaction_memory.as_u64()).unwrap_or(usize::MAX),
        }
    }
}

/// A part of the program that can be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Runs
    On,
    /// Does not run
    Off,
}

/// A contradiction between settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// `--max-in-flight` is below `--max-body`, so that the largest body would never fit.
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
    /// `--max-in-flight` is 4 GiB or more, which the semaphores cannot count.
    #[error("--max-in-flight (LAKEFRONT_INGEST_MAX_IN_FLIGHT) is {in_flight}; it must be below 4GiB")]
    InFlightTooLarge {
        /// `--max-in-flight`
        in_flight: ByteSize,
    },
    /// The log is smaller than four times the largest body.
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
    /// A rule is for a key that does not exist.
    #[error(
        "{setting} names {name:?}, and --keys (LAKEFRONT_INGEST_KEYS) has no key of that name; expected {name}=KEY there"
    )]
    UnknownKey {
        /// The setting with the rule.
        setting: &'static str,
        /// The name in the rule.
        name: String,
    },
    /// `--allow-origin` names an origin that no browser sends.
    #[error(
        "--allow-origin (LAKEFRONT_INGEST_ALLOW_ORIGIN) names {origin:?}; expected `*` or origins such as \
         https://shop.example"
    )]
    Origin {
        /// The given origin.
        origin: String,
    },
}

impl Config {
    /// Returns the location of the lake: the remote catalog if one is set, else the folder `lake` in the data folder.
    pub fn place(&self) -> LakeLocation {
        LakeLocation::new(&self.remote, self.log.data.join("lake"))
    }

    /// Checks that the settings do not contradict each other.
    ///
    /// # Errors
    /// Returns the first contradiction.
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
        let server = &self.server;
        let rules = [
            (
                "--key-origins (LAKEFRONT_INGEST_KEY_ORIGINS)",
                unknown_names(server.key_origins.names(), &server.keys),
            ),
            (
                "--key-budgets (LAKEFRONT_INGEST_KEY_BUDGETS)",
                unknown_names(server.key_budgets.names(), &server.keys),
            ),
        ];
        for (setting, unknown) in rules {
            if let Some(name) = unknown.first() {
                return Err(ConfigError::UnknownKey {
                    setting,
                    name: (*name).to_owned(),
                });
            }
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
    let duration = parse_duration(text)?;
    if duration < Duration::from_millis(50) {
        return Err(format!("expected a duration of at least 50ms, got {text:?}"));
    }
    Ok(duration)
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: Option<jiff::SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("expected a duration such as 500ms, 10s or 1m, got {text:?}"))
}

/// Parses a number of proxies. `true` means 1, `false` and the empty text mean 0.
fn parse_proxies(text: &str) -> Result<u8, String> {
    match text {
        "true" => Ok(1),
        "false" | "" => Ok(0),
        number => number
            .parse()
            .map_err(|_| format!("expected a number of proxies from 0 to 255, got {text:?}")),
    }
}
