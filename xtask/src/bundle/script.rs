use std::path::Path;

use anyhow::Result;

use super::browser::Site;
use super::stamp::Stamp;
use crate::paths::Paths;
use lakefront_launcher::process;

/// The script's name in the site folder, and its address.
pub const NAME: &str = "otel.js";

/// Bundles `browser/` into `otel.js` beside the other static files.
pub fn build(paths: &Paths, bundle: &Path, site: &Site) -> Result<()> {
    let sources = paths.checkout.join("browser");
    let target = site.folder.join(NAME);
    let stamp = Stamp::of(bundle.join("script.stamp"), &[&sources])?;
    // A new site folder is an empty one.
    if stamp.is_current() && target.exists() {
        return Ok(());
    }
    let mut esbuild = paths.command(paths.node_modules().join(".bin/esbuild"));
    esbuild
        .arg(sources.join("main.js"))
        .arg("--define:globalThis.requestIdleCallback=atOnce")
        .arg(format!("--inject:{}", sources.join("at-once.js").display()))
        .args(["--bundle", "--minify", "--format=iife", "--target=es2022"])
        // The licenses of what is inside stand in docs/browser.md.
        .args(["--legal-comments=none", "--log-level=warning"])
        .arg(format!("--outfile={}", target.display()))
        // The packages lie with the tools, not beside the sources.
        .env("NODE_PATH", paths.node_modules());
    process::run(&esbuild)?;
    stamp.write()
}
