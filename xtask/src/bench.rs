//! `cargo xtask bench`: measurements, in the release profile.

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::paths::Paths;
use crate::process;
use crate::setup::{self, Wanted};

/// What `bench` takes.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask bench ingest\n  cargo xtask bench ingest --compression gzip\n  \
                        cargo xtask bench lake"
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
    /// What layouts of data files cost to write, in bytes, and to read by the named queries
    Layout,
}

impl What {
    /// The example that measures it.
    fn example(self) -> &'static str {
        match self {
            Self::Ingest => "load",
            Self::Lake => "commits",
            Self::Layout => "layout",
        }
    }
}

/// Builds in the release profile and measures.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(Wanted::Stack)?;
    let example = args.what.example();
    let mut build = paths.cargo(&["build", "--release", "--workspace", "--example", example]);
    if matches!(args.what, What::Ingest) {
        build.args(["--bin", "lakefront-ingest"]);
    }
    process::run(&build)?;
    let release = paths.target.join("release");
    let mut bench = paths.command(release.join("examples").join(example));
    if matches!(args.what, What::Ingest) {
        bench.arg("--server").arg(release.join("lakefront-ingest"));
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
