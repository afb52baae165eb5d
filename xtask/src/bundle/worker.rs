//! The Worker's modules and workerd's configuration.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::browser::Site;
use super::build_wasm;
use super::stamp::Stamp;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Builds the Worker's modules into `<bundle>/worker`, and workerd's configuration beside them, if a source has
/// changed.
pub fn build(paths: &Paths, bundle: &Path, site: &Site) -> Result<()> {
    // worker-build runs cargo too, but does not report whether the module has changed.
    let wasm = build_wasm(paths, "lakefront-router", &["build"])?;
    let folder = bundle.join("worker");
    let config = paths.checkout.join("router/workerd.capnp");
    let manifest = paths.checkout.join("router/Cargo.toml");
    let headers = site.folder.join("_headers");
    let stamp = Stamp::of(
        bundle.join("worker.stamp"),
        &[&wasm, &manifest, &config, &headers, &site.folder.join("pkg")],
    )?;
    if stamp.is_current() {
        return Ok(());
    }
    let modules = paths.node_modules().join(".bin");
    let mut command = paths.command(paths.cargo_tool("worker-build"));
    command
        .current_dir(paths.checkout.join("router"))
        .args(["--profile", "wasm", "--out-dir"])
        .arg(&folder)
        .env("WASM_BINDGEN_BIN", paths.cargo_tool("wasm-bindgen"))
        .env("ESBUILD_BIN", modules.join("esbuild"));
    process::run(&command)?;
    super::optimize(paths, &folder.join("index_bg.wasm"))?;
    name_package(&folder.join("index.js"), &site.package)?;
    std::fs::copy(&config, bundle.join("workerd.capnp"))?;
    // workerd serves assets as Cloudflare does, but takes the text of `_headers` from its configuration.
    let assets = json!({ "html_handling": "none", "headers": std::fs::read_to_string(&headers)? });
    std::fs::write(bundle.join("assets.json"), assets.to_string())?;
    stamp.write()
}

/// Writes the folder of this build's browser bundle into the Worker's module, where `router/src/dashboard.rs` reads it.
fn name_package(module: &Path, package: &str) -> Result<()> {
    let text =
        std::fs::read_to_string(module).with_context(|| format!("cannot read {}", module.display()))?;
    std::fs::write(
        module,
        format!("globalThis.LAKEFRONT_BUNDLE_FOLDER={};\n{text}", json!(package)),
    )?;
    Ok(())
}
