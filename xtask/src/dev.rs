//! `cargo xtask dev`: the dashboard in the browser alone, rebuilt as one edits, against a running stack.

use anyhow::Result;
use clap::Parser;

use crate::setup::{self, Wanted};
use lakefront_launcher::process;

/// The Trunk that `dev` installs when it is first used.
const TRUNK: &str = "0.21.14";

/// What `dev` takes.
#[derive(Parser)]
#[command(after_help = "Example, beside a running `cargo xtask up`:\n  cargo xtask dev --port 8788")]
pub struct Args {
    /// Port of the hot-reload server
    #[arg(long, value_name = "N", default_value_t = 8788)]
    port: u16,
}

/// Serves until Ctrl-C.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(Wanted::Stack)?;
    setup::cargo_tool(&paths, "trunk", TRUNK)?;
    // There Trunk finds our wasm-bindgen; it would fetch one from GitHub.
    let mut path = paths.tools().join("bin").into_os_string();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    process::run(
        paths
            .command(paths.cargo_tool("trunk"))
            .args(["serve", "--port", &args.port.to_string()])
            .env("PATH", path),
    )
}
