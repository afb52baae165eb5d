//! `cargo xtask demo`: realistic traffic of a small web shop to a running ingest.

use anyhow::Result;
use clap::Parser;

use crate::paths::Paths;
use crate::setup::{self, Wanted};
use crate::stack::{Ready, Service};
use crate::{build, process};

/// The demo's name among the services.
pub const NAME: &str = "demo";

/// What `demo` takes; it is passed on as it is.
#[derive(Parser)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// Options of the demo itself: `cargo xtask demo --help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Runs it to its end.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(Wanted::Stack)?;
    build::programs(&paths)?;
    process::run(paths.command(paths.program("lakefront-demo")).args(&args.options))
}

/// The demo as a service of the stack: `days` of the past, then `rate` events a second where one is given.
pub fn service(paths: &Paths, endpoint: &str, days: u32, rate: Option<u32>) -> Service {
    let mut command = paths.command(paths.program("lakefront-demo"));
    command.args(["--endpoint", endpoint, "--days", &days.to_string()]);
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
    Service {
        name: NAME,
        command,
        ready: Ready::AtOnce,
    }
}
