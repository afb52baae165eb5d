//! The command `cargo xtask demo`: sends realistic traffic of a small web shop to a running ingest.

use anyhow::Result;
use clap::Parser;

use crate::build;
use crate::setup::{self, ToolSet};
use lakefront_launcher::process;

/// The arguments of `demo`, which are passed on unchanged.
#[derive(Parser)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Options of the demo itself: `cargo xtask demo --help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Builds the demo and runs it to its end.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(ToolSet::Stack)?;
    build::programs(&paths)?;
    process::run(paths.installation().command("lakefront-demo").args(&args.options))
}
