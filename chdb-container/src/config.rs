use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use lakefront_hosts::HostName;
use lakefront_lake::RemoteLake;

/// Answers ClickHouse SQL with chDB in the process: over the Iceberg tables of a lake, keeping nothing, or with
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
    /// Address to listen on; anything but loopback should have an engine secret.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_LISTEN",
        default_value = "127.0.0.1:8686",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Folder of the lake: tables are at DIR/otel/TABLE/metadata. It may appear later. With --data-dir its files can be
    /// read by file() and icebergLocal(), by the paths they have in it.
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

    /// File of users and what they may do; the one this program was built with when left out. Each user's password is in
    /// the environment variable the file names.
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
    pub engine_secret: Option<String>,

    /// Host names, separated by commas, under which requests without a secret or password are answered, beside 127.0.0.1,
    /// localhost and `[::1]`; `*` allows every host.
    #[arg(
        long,
        env = "LAKEFRONT_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_hosts: Vec<HostName>,

    /// What queries may use.
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

    /// Seconds between two looks at the lake in the background, while queries arrive: /health reports what the last one found.
    #[arg(
        long,
        env = "LAKEFRONT_CHDB_LOOK_EVERY",
        default_value = "2",
        value_parser = seconds,
        value_name = "SECONDS"
    )]
    pub look_every: Duration,

    /// The lake, where it is in no folder.
    #[command(flatten)]
    pub remote: RemoteLake,
}

/// What one query, and all of them together, may use.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Queries that run at the same time.
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

    /// Rows of a result; more are cut, and the reply says so.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_RESULT_ROWS", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..u64::MAX), value_name = "ROWS")]
    pub max_result_rows: u64,

    /// Bytes of a reply before compression; a longer one is cut at a row, and the reply says so, or refused with
    /// TOO_MANY_ROWS_OR_BYTES in formats whose rows can't be told apart.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_RESULT_BYTES", default_value_t = 64 << 20, value_parser = clap::value_parser!(u64).range(1..), value_name = "BYTES")]
    pub max_result_bytes: u64,

    /// Bytes of the rows of one insert, after decompression; more are refused.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_INSERT_BYTES", default_value_t = 4 << 30, value_parser = clap::value_parser!(u64).range(1..), value_name = "BYTES")]
    pub max_insert_bytes: u64,

    /// Bytes of an S3 lake's data files to keep on local disk; 0 keeps none. They never change: what was read once is not
    /// asked for again.
    #[arg(long, env = "LAKEFRONT_CHDB_STORE_CACHE", default_value_t = 1 << 30, value_name = "BYTES")]
    pub store_cache: u64,

    /// Threads of a query; the machine's cores when left out.
    #[arg(long, env = "LAKEFRONT_CHDB_MAX_THREADS", value_parser = clap::value_parser!(u16).range(1..=256), value_name = "N")]
    pub max_threads: Option<u16>,
}

/// Reads seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 0.01);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected seconds, from 0.01".to_owned())
}

impl Config {
    /// How long running queries may take to finish after SIGTERM.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }
}

impl Limits {
    /// How long a query may wait for a slot.
    pub fn queue_wait(&self) -> Duration {
        Duration::from_secs(self.queue_wait)
    }

    /// Threads of a query.
    pub fn threads(&self) -> usize {
        self.max_threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, usize::from),
            usize::from,
        )
    }
}
