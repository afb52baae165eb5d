//! The command `cargo xtask dev`: serves the dashboard as a browser-only app against a running stack, and rebuilds it
//! on every edit.

use anyhow::Result;
use clap::Parser;

use crate::setup::{self, ToolSet};
use lakefront_launcher::process;

/// The version of Trunk, which `dev` installs on first use.
const TRUNK: &str = "0.21.14";

/// The arguments of `dev`.
#[derive(Parser)]
#[command(after_help = "Example, beside a running `cargo xtask up`:\n  cargo xtask dev --port 8788")]
pub struct Args {
    /// Port of the hot-reload server
    #[arg(long, value_name = "N", default_value_t = 8788)]
    port: u16,
}

/// Serves until Ctrl-C.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(ToolSet::Stack)?;
    setup::cargo_tool(&paths, "trunk", TRUNK)?;
    // Trunk finds the installed wasm-bindgen on this path. Otherwise Trunk would download one from GitHub.
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
