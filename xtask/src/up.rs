//! The command `cargo xtask up`: sets up, builds and starts the embedded stack.

use anyhow::Result;
use clap::Parser;
use lakefront_launcher::{Lake, up};

use crate::build;
use crate::setup::{self, ToolSet};

/// The arguments of `up`.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask up\n  cargo xtask up --tier 3\n  cargo xtask up --lake s3\n  cargo xtask up --no-demo --data ~/telemetry\n  cargo xtask up --port-base 9700    router 9700, ingest 9701, chDB 9702, ClickHouse 9703 and 9704, sync 9705"
)]
pub struct Args {
    #[command(flatten)]
    stack: up::Options,
    /// Place of the tables
    #[arg(long, value_enum, default_value = "local")]
    lake: Lake,
    /// Open your own lake, empty at first, and send it nothing
    #[arg(long)]
    no_demo: bool,
}

/// Runs the stack until Ctrl-C or until a part of it ends.
pub fn run(args: &Args) -> Result<()> {
    eprintln!("Lakefront: setup");
    let paths = setup::run(match args.lake {
        Lake::Local => ToolSet::Stack,
        Lake::S3 => ToolSet::StackOnS3,
    })?;
    eprintln!("Lakefront: build");
    build::programs(&paths)?;
    build::bundle(&paths)?;
    up::run(&paths.installation(), &args.stack, args.lake, !args.no_demo)
}
