//! The flags and environment variables of the container. The comments on the fields are the text of `--help`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use lakefront_hosts::HostName;
use lakefront_lake_catalog::RestCatalogConfig;
use secrecy::SecretString;

/// Answers ClickHouse SQL with an embedded chDB engine: over the Iceberg tables of a lake, without state, or with
/// `--data-dir` over tables of its own, as a ClickHouse server does.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "lakefront-chdb-container",
    version,
    after_help = "Examples:
  lakefront-chdb-container --lake ./data/lake
  lakefront-chdb-container --listen 127.0.0.1:8686 --lake ./data/lake --slots 2 --max-execution-time 10
  curl 'http://127.0.0.1:8686/?query=SELECT+count()+FROM+otel.otel_logs'
  curl http://127.0.0.1:8686/query -d '{\"sql\":\"SELECT {n:UInt8} AS n\",\"params\":{\"n\":1}}' -H 'content-type: application/json'
  curl http://127.0.0.1:8686/health
  lakefront-chdb-container --listen 127.0.0.1:8123 --data-dir ./data/clickhouse --lake ./data/lake
  curl 'http://127.0.0.1:8123/?user=sync' -d 'CREATE TABLE otel.t (a UInt8) ENGINE = MergeTree ORDER BY a'"
)]
pub struct Config {
    /// Address to listen on; any address but loopback should have an engine secret.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_LISTEN",
        default_value = "127.0.0.1:8686",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Folder of the lake, with tables at DIR/otel/TABLE/metadata. The folder may appear later. With --data-dir, file()
    /// and icebergLocal() read its files, by paths relative to it.
    #[arg(
        long,
        env = "LAKEFRONT_LAKE",
        value_name = "DIR",
        required_unless_present_any = ["data_dir", "catalog_uri"]
    )]
    pub lake: Option<PathBuf>,

    /// Keep tables in this folder and take inserts, as a ClickHouse server does; callers are the users of --access.
    #[arg(long, env = "LAKEFRONT_CHDB_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// File of the users and their rights; when left out, the file built into this program. The file names, for each
    /// user, the environment variable that holds the password.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_ACCESS",
        value_name = "FILE",
        requires = "data_dir"
    )]
    pub access: Option<PathBuf>,

    /// Secret that callers send as x-lakefront-engine-secret, as a password or as a bearer token. Not with --data-dir.
    #[arg(
        long,
        env = "LAKEFRONT_ENGINE_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub engine_secret: Option<SecretString>,

    /// Host names, separated by commas, under which requests without a secret or password are answered, beside 127.0.0.1,
    /// localhost and `[::1]`; `*` allows every host.
    #[arg(
        long,
        env = "LAKEFRONT_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<HostName>,

    /// Limits on queries.
    #[command(flatten)]
    pub limits: Limits,

    /// Seconds that running queries get to finish after SIGTERM.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_DRAIN",
        default_value_t = 10,
        value_name = "SECONDS"
    )]
    pub drain: u64,

    /// Seconds between two background refreshes of the lake while queries arrive; /health reports the result of the
    /// last one.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_LOOK_EVERY",
        default_value = "2",
        value_parser = seconds,
        value_name = "SECONDS"
    )]
    pub look_every: Duration,

    /// A lake behind a REST catalog, instead of a folder.
    #[command(flatten)]
    pub remote: RestCatalogConfig,
}

/// Limits on one query, and on all queries together.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Queries that may run at the same time.
    #[arg(long, env = "LAKEFRONT_CHDB_SLOTS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256), value_name = "N")]
    pub slots: u16,

    /// Queries that may wait for a slot; more are refused with 503.
    #[arg(long, env = "LAKEFRONT_CHDB_QUEUE", default_value_t = 32, value_name = "N")]
    pub queue: usize,

    /// Seconds a query may wait for a slot before it is refused with 503.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_QUEUE_WAIT",
        default_value_t = 10,
        value_name = "SECONDS"
    )]
    pub queue_wait: u64,

    /// Seconds a query may run.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_EXECUTION_TIME", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..), value_name = "SECONDS")]
    pub max_execution_time: u64,

    /// Bytes of memory a query may use.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_MEMORY", default_value_t = 1 << 30, value_parser = clap::value_parser!(u64).range(1..), value_name = "BYTES")]
    pub max_memory: u64,

    /// Rows of a result; a longer result is cut, and the reply says so.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_RESULT_ROWS", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..u64::MAX), value_name = "ROWS")]
    pub max_result_rows: u64,

    /// Bytes of a reply before compression; a longer reply is cut after a row, and the reply says so. Formats without
    /// separable rows are refused with TOO_MANY_ROWS_OR_BYTES instead.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_RESULT_BYTES", default_value_t = 64 << 20, value_parser = clap::value_parser!(u64).range(1..), value_name = "BYTES")]
    pub max_result_bytes: u64,

    /// Bytes of the rows of one insert, after decompression; a longer insert is refused.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_INSERT_BYTES", default_value_t = 4 << 30, value_parser = clap::value_parser!(u64).range(1..), value_name = "BYTES")]
    pub max_insert_bytes: u64,

    /// Bytes of an S3 lake's data files to cache on local disk; 0 turns the cache off. Data files never change, so a
    /// cached block is never fetched again.
    #[arg(long, env = "LAKEFRONT_CHDB_STORE_CACHE", default_value_t = 1 << 30, value_name = "BYTES")]
    pub store_cache: u64,

    /// Threads of a query; the machine's cores when left out.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_THREADS", value_parser = clap::value_parser!(u16).range(1..=256), value_name = "N")]
    pub max_threads: Option<u16>,
}

/// Parses a number of seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 0.01);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected seconds, from 0.01".to_owned())
}

impl Config {
    /// Returns how long running queries may take to finish after SIGTERM.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }
}

impl Limits {
    /// Returns how long a query may wait for a slot.
    pub fn queue_wait(&self) -> Duration {
        Duration::from_secs(self.queue_wait)
    }

    /// Returns the number of threads a query may use: the configured number, or the number of cores.
    pub fn threads(&self) -> usize {
        self.max_threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, usize::from),
            usize::from,
        )
    }
}
