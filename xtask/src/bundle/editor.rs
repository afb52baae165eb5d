//! The editor of the SQL page, which only that page loads.

use std::path::Path;

use anyhow::Result;

use crate::paths::Paths;
use lakefront_launcher::process;

/// Name of the module in the folder of the app for the browser.
pub const NAME: &str = "sql.js";

/// The folder of the sources, in the checkout.
pub const SOURCES: &str = "app/editor";

/// Bundles the editor into the folder of the app.
pub fn build(paths: &Paths, package: &Path) -> Result<()> {
    let mut esbuild = paths.command(paths.node_modules().join(".bin/esbuild"));
    esbuild
        .arg(paths.checkout.join(SOURCES).join("main.js"))
        .args(["--bundle", "--minify", "--format=esm", "--target=es2022"])
        // The licenses of bundled packages are in docs/dashboard.md.
        .args(["--legal-comments=none", "--log-level=warning"])
        .arg(format!("--outfile={}", package.join(NAME).display()))
        // The packages are in the tools folder, not beside the sources.
        .env("NODE_PATH", paths.node_modules());
    process::run(&esbuild)
}
