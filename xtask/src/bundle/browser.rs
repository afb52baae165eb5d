//! The static files of the dashboard, with the app for the browser.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::module::{EDITOR, LIVE, SEARCH, SHARED};
use super::stamp::Stamp;
use super::{build_wasm, copy, empty_folder};
use crate::paths::Paths;
use lakefront_launcher::process;

/// The file `_headers` of the site, which Cloudflare and workerd read. The app is in a folder named after its hash, so
/// that its files never change. Pages of other origins load `otel.js` under one fixed address: browsers cache it for an
/// hour.
const HEADERS: &str = "/pkg/*
  Cache-Control: public, max-age=31536000, immutable
/otel.js
  Cache-Control: public, max-age=3600, stale-while-revalidate=86400
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
/*
  X-Content-Type-Options: nosniff
  Referrer-Policy: same-origin
";

/// The folder of static files.
pub struct Site {
    /// The path of the folder.
    pub folder: PathBuf,
    /// The folder of the app for the browser, below `folder` and in addresses: `pkg/<hash>`.
    pub package: String,
}

/// Builds `public/`, the stylesheet, the app for the browser and the modules of some pages into one folder, if a source has changed.
pub fn build(paths: &Paths, bundle: &Path) -> Result<Site> {
    let wasm = build_wasm(
        paths,
        "lakefront-app",
        &["rustc", "--crate-type", "cdylib", "--features", "hydrate"],
    )?;
    let folders = [
        "public",
        "style",
        EDITOR.sources,
        LIVE.sources,
        SEARCH.sources,
        SHARED,
    ];
    let [public, style, editor, live, search, shared] = folders.map(|folder| paths.checkout.join(folder));
    std::fs::create_dir_all(bundle).with_context(|| format!("cannot make {}", bundle.display()))?;
    let stamp = Stamp::of(
        bundle.join("site.stamp"),
        &[&wasm, &public, &style, &editor, &live, &search, &shared],
    )?;
    let site = Site {
        folder: bundle.join("site"),
        package: format!("pkg/{}", stamp.hash()),
    };
    if stamp.is_current() {
        return Ok(site);
    }
    empty_folder(&site.folder)?;
    copy(&public, &site.folder)?;
    minify(paths, &style.join("main.css"), &site.folder.join("style.css"))?;
    bind(paths, &wasm, &site.folder.join(&site.package))?;
    for module in [EDITOR, LIVE, SEARCH] {
        module.build(paths, &site.folder.join(&site.package))?;
    }
    std::fs::write(site.folder.join("_headers"), HEADERS)?;
    stamp.write()?;
    Ok(site)
}

/// Writes wasm-bindgen's module for browsers, optimized for size.
fn bind(paths: &Paths, wasm: &Path, package: &Path) -> Result<()> {
    let mut bindgen = paths.command(paths.cargo_tool("wasm-bindgen"));
    bindgen.args([
        "--target",
        "web",
        "--no-typescript",
        "--out-name",
        "lakefront",
        "--out-dir",
    ]);
    process::run(bindgen.arg(package).arg(wasm))?;
    let file = package.join("lakefront_bg.wasm");
    super::optimize(paths, &file)?;
    let module = package.join("lakefront.js");
    minify(paths, &module, &module)
}

/// Minifies a script or a stylesheet with esbuild.
fn minify(paths: &Paths, source: &Path, target: &Path) -> Result<()> {
    let mut esbuild = paths.command(paths.node_modules().join(".bin/esbuild"));
    esbuild
        .arg(source)
        .args(["--minify", "--allow-overwrite", "--log-level=warning"]);
    if source.extension().is_some_and(|extension| extension == "css") {
        esbuild.arg("--bundle");
    }
    process::run(esbuild.arg(format!("--outfile={}", target.display())))
}
