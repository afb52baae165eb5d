//! The script `otel.js`, which any web page can load.

use std::path::Path;

use anyhow::Result;

use super::browser::Site;
use super::stamp::Stamp;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Name of the script in the site folder, and in its address.
pub const NAME: &str = "otel.js";

/// Bundles `browser/` into `otel.js` beside the other static files.
pub fn build(paths: &Paths, bundle: &Path, site: &Site) -> Result<()> {
    let sources = paths.checkout.join("browser");
    let target = site.folder.join(NAME);
    let stamp = Stamp::of(bundle.join("script.stamp"), &[&sources])?;
    // The script is missing if the site folder was built anew.
    if stamp.is_current() && target.exists() {
        return Ok(());
    }
    let mut esbuild = paths.command(paths.node_modules().join(".bin/esbuild"));
    esbuild
        .arg(sources.join("main.js"))
        .arg("--define:globalThis.requestIdleCallback=atOnce")
        .arg(format!("--inject:{}", sources.join("at-once.js").display()))
        .args(["--bundle", "--minify", "--format=iife", "--target=es2022"])
        // The licenses of bundled packages are in docs/browser.md.
        .args(["--legal-comments=none", "--log-level=warning"])
        .arg(format!("--outfile={}", target.display()))
        // The packages are in the tools folder, not beside the sources.
        .env("NODE_PATH", paths.node_modules());
    process::run(&esbuild)?;
    stamp.write()
}
