//! `cargo xtask bench`: measurements, of the programs that `up` starts.

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::paths::Paths;
use crate::setup::{self, Wanted};
use lakefront_launcher::process;

/// What `bench` takes.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask bench ingest\n  cargo xtask bench ingest --compression gzip\n  \
                        cargo xtask bench lake\n  cargo xtask bench lake 5000 120    commits, seconds between them\n  cargo xtask bench router\n  cargo xtask bench router 50000 7    events a day, days\n  cargo xtask bench web"
)]
pub struct Args {
    /// What to measure
    what: What,
    /// Options of the benchmark itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Log records a second from OTLP to Iceberg, with CPU, memory and bytes; an OpenTelemetry Collector in turns with it
    Ingest,
    /// The cost of a commit, early and after thousands
    Lake,
    /// chDB: time to the first answer, memory, and what a query costs beside the engine
    Chdb,
    /// What layouts of data files cost to write, in bytes, and to read by the named queries
    Layout,
    /// What the router costs by itself, named queries by their views against the lake, and what a failover adds
    Router,
    /// The dashboard in Chromium on the embedded stack, as `up` builds it: paints, shifts, reactions, size of the bundle
    Web,
    /// Commits and named queries on an S3 store behind a REST catalog beside those on local disk, and the requests for them
    S3,
    /// Rows a second from the lake into a ClickHouse, all views firing: the server reads, or sync sends
    Sync,
}

impl What {
    /// The example that measures it; the dashboard is measured by a script.
    fn example(self) -> Option<&'static str> {
        Some(match self {
            Self::Web => return None,
            Self::Ingest => "load",
            Self::Lake => "commits",
            Self::Chdb => "chdb",
            Self::Layout => "layout",
            Self::Router => "bench_router",
            Self::S3 => "s3",
            Self::Sync => "speed",
        })
    }
}

/// Builds and measures.
pub fn run(args: &Args) -> Result<()> {
    let Some(example) = args.what.example() else {
        return crate::browser::bench(&setup::run(Wanted::Everything)?);
    };
    let paths = setup::run(match args.what {
        What::S3 => Wanted::StackOnS3,
        _ => Wanted::Stack,
    })?;
    crate::build::measured(&paths)?;
    let programs = paths.target.join("measured");
    let mut bench = paths.command(programs.join("examples").join(example));
    bench.env("LAKEFRONT_BIN", &programs);
    if matches!(args.what, What::Router) {
        crate::build::bundle(&paths)?;
    }
    if matches!(args.what, What::Ingest) {
        bench.arg("--server").arg(programs.join("lakefront-ingest"));
        compare_with_collector(&paths, &mut bench);
    }
    process::run(bench.args(&args.options))
}

/// Adds the Collector where it can be built; says so where it can't.
fn compare_with_collector(paths: &Paths, bench: &mut std::process::Command) {
    match setup::collector(paths) {
        Ok(program) => {
            bench.args(["--rounds", "2", "--collector"]).arg(program);
        }
        Err(error) => eprintln!("  ✗ no OpenTelemetry Collector to compare with: {error:#}"),
    }
}
