//! Builds the browser bundle, the script for other pages and the Worker if their sources have changed, and checks their
//! sizes.
//!
//! `<cache>/bundle` is self-contained: `site/` (static files), `worker/` (the modules), `workerd.capnp`.

mod browser;
mod module;
mod script;
mod size;
mod stamp;
mod worker;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::setup::WASM_TARGET;

/// Builds all outputs into `<cache>/bundle` and prints their sizes.
///
/// # Errors
/// Returns an error if a build fails, or an output is past its size limit.
pub fn bundle(paths: &Paths) -> Result<()> {
    let bundle = paths.bundle();
    eprintln!("  … the dashboard for the browser, then the Worker (the first time takes minutes)");
    let site = browser::build(paths, &bundle)?;
    script::build(paths, &bundle, &site)?;
    worker::build(paths, &bundle, &site)?;
    link(&paths.checkout.join("router/build"), &bundle)?;
    size::check(&site.folder, &bundle.join("worker"))
}

/// Makes the link through which `router/wrangler.toml` finds the bundle.
fn link(link: &Path, target: &Path) -> Result<()> {
    if std::fs::read_link(link).ok().as_deref() == Some(target) {
        return Ok(());
    }
    // A missing link is no error. If the old link could not be removed, the next line fails.
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(target, link)
        .with_context(|| format!("cannot make the link {}", link.display()))
}

/// Builds a library for wasm32 in the `wasm` profile. Returns the path of the module.
///
/// `how` is the command of cargo with its own options. For the Worker it is the one that worker-build runs: with another, each would
/// compile the router again after the other.
fn build_wasm(paths: &Paths, package: &str, how: &[&str]) -> Result<PathBuf> {
    let mut command = paths.cargo(how);
    command.args([
        "--lib",
        "--target",
        WASM_TARGET,
        "--profile",
        "wasm",
        "-p",
        package,
    ]);
    lakefront_launcher::process::run(&command)?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(paths.target.join(WASM_TARGET).join("wasm").join(file))
}

/// Optimizes a module for size, in place. A panic still reports its file and line without the names of functions.
fn optimize(paths: &Paths, module: &Path) -> Result<()> {
    let mut command = paths.command(paths.node_modules().join(".bin/wasm-opt"));
    lakefront_launcher::process::run(
        command
            // wasm-bindgen catches exceptions of the Worker's host, but the module's list of features does not name
            // exceptions.
            .args(["-Oz", "--strip-debug", "--enable-exception-handling", "-o"])
            .args([module, module]),
    )
}

/// Empties a folder, or creates it.
fn empty_folder(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    }
    .with_context(|| format!("cannot empty {}", folder.display()))
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
