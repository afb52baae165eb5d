//! The command `cargo xtask bench`: measures the programs that `up` starts.

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::paths::Paths;
use crate::setup::{self, ToolSet};
use lakefront_launcher::process;

/// The arguments of `bench`.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask bench ingest\n  cargo xtask bench ingest --compression gzip\n  \
                        cargo xtask bench ingest --compare-compaction --rounds 3    latencies with and without\n  \
                        cargo xtask bench lake\n  cargo xtask bench lake 5000 120    commits, seconds between them\n  cargo xtask bench compaction 100 10000    numbers of commits\n  cargo xtask bench compaction --days 1 30 180\n  cargo xtask bench bytes\n  cargo xtask bench router\n  cargo xtask bench router 50000 7    events a day, days\n  cargo xtask bench web\n  cargo xtask bench search\n  cargo xtask bench search 50000 7    events a day, days\n  cargo xtask bench viewers\n  cargo xtask bench worker"
)]
pub struct Args {
    /// The part to measure
    what: What,
    /// Options of the benchmark itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Log records per second from OTLP to Iceberg, with CPU, memory and bytes; in turns with an OpenTelemetry
    /// Collector
    Ingest,
    /// The cost of a commit, early and after thousands of commits
    Lake,
    /// The time of questions by the number of commits or of days, with compaction and without
    Compaction,
    /// The bytes of a record in the lake, of the demo and of spans in the shapes of the OpenTelemetry demo
    Bytes,
    /// chDB: time to the first answer, memory, and the cost of a query outside of the engine
    Chdb,
    /// Layouts of data files: bytes, cost of writing, and cost of reading by the named queries
    Layout,
    /// The router's own cost, named queries on their views against the lake, and the added time of a failover
    Router,
    /// Many viewers at a time, on queries and pages, beside the same statements sent to ClickHouse directly
    Viewers,
    /// The dashboard in Chromium on the embedded stack, as `up` builds it: paints, shifts, reactions, size of the
    /// bundle
    Web,
    /// Searches, a trace and a metric over 14 days of 500,000 events, and nine full-text questions beside DuckDB and grep
    Search,
    /// The Worker on workerd: processor time, memory and requests, for telemetry and pages
    Worker,
    /// Commits and named queries on an S3 store behind a REST catalog, compared with local disk, and their number of
    /// requests
    S3,
    /// Rows per second from the lake into a ClickHouse with all views: the server reads, or sync sends
    Sync,
}

impl What {
    /// Returns the example that measures the part. `None` for the dashboard, which a script measures.
    fn example(self) -> Option<&'static str> {
        Some(match self {
            Self::Web => return None,
            Self::Ingest => "load",
            Self::Lake => "commits",
            Self::Compaction => "compaction",
            Self::Bytes => "record_bytes",
            Self::Chdb => "chdb",
            Self::Layout => "layout",
            Self::Router => "bench_router",
            Self::Viewers => "viewers",
            Self::Search => "search",
            Self::Worker => "worker",
            Self::S3 => "s3",
            Self::Sync => "speed",
        })
    }
}

/// Builds the programs and measures a part.
pub fn run(args: &Args) -> Result<()> {
    let Some(example) = args.what.example() else {
        return crate::browser::bench(&setup::run(ToolSet::Everything)?);
    };
    let paths = setup::run(match args.what {
        // DuckDB is a Python package.
        What::S3 | What::Compaction | What::Search => ToolSet::StackOnS3,
        _ => ToolSet::Stack,
    })?;
    crate::build::measured(&paths)?;
    let programs = paths.target.join("measured");
    let mut bench = paths.command(programs.join("examples").join(example));
    bench.env("LAKEFRONT_BIN", &programs);
    // Scripts in Python are found from there, as in tests.
    bench.env("CARGO_MANIFEST_DIR", paths.checkout.join("tests"));
    if matches!(
        args.what,
        What::Router | What::Search | What::Viewers | What::Worker
    ) {
        crate::build::bundle(&paths)?;
    }
    if matches!(args.what, What::Ingest) {
        bench.arg("--server").arg(programs.join("lakefront-ingest"));
        compare_with_collector(&paths, &mut bench);
    }
    process::run(bench.args(&args.options))
}

/// Adds the Collector to the comparison. Prints the reason if the Collector cannot be built.
fn compare_with_collector(paths: &Paths, bench: &mut std::process::Command) {
    match setup::collector(paths) {
        Ok(program) => {
            bench.args(["--rounds", "2", "--collector"]).arg(program);
        }
        Err(error) => eprintln!("  ✗ no OpenTelemetry Collector to compare with: {error:#}"),
    }
}
