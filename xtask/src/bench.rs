//! `cargo xtask bench`: measurements, in the release profile.

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::process;
use crate::setup::{self, Wanted};

/// What `bench` takes.
#[derive(Parser)]
#[command(after_help = "Example:\n  cargo xtask bench ingest\n  cargo xtask bench lake")]
pub struct Args {
    /// What to measure
    what: What,
    /// Options of the benchmark itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Log records a second from OTLP to Iceberg, with CPU, memory and bytes
    Ingest,
    /// The cost of a commit, early and after thousands
    Lake,
}

/// Builds in the release profile and measures.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(Wanted::Stack)?;
    let (package, example) = match args.what {
        What::Ingest => {
            process::run(&paths.cargo(&["build", "--release", "-p", "lakefront-ingest"]))?;
            ("lakefront-ingest", "load")
        }
        What::Lake => ("lakefront-lake", "commits"),
    };
    process::run(
        paths
            .cargo(&["run", "--release", "-p", package, "--example", example, "--"])
            .args(&args.options),
    )
}
