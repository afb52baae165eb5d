//! What `up` and the tests run: the native programs, the browser bundle and the Worker.

use anyhow::{Context as _, Result};

use crate::paths::Paths;
use crate::process;
use crate::setup::WASM_TARGET;

/// Builds every program, and with them the tests: one selection of packages has one set of features, so that
/// dependencies are compiled once for `up` and for the tests.
pub fn programs(paths: &Paths) -> Result<()> {
    process::run(&paths.cargo(&["build", "--workspace", "--all-targets"]))
}

/// Builds the browser bundle and the Worker, and fails when they have grown past their limits.
pub fn bundle(paths: &Paths) -> Result<()> {
    crate::bundle::bundle(paths)
}

/// Removes what another checkout built of the workspace; dependencies stay.
///
/// Checkouts share the cache, and cargo tells their packages apart by nothing but the age of files: those of an older
/// checkout would pass for built.
pub fn leave_other_checkout(paths: &Paths) -> Result<()> {
    let mark = paths.target.join("built-from");
    let here = paths.checkout.to_string_lossy();
    match std::fs::read_to_string(&mark) {
        Ok(before) if before == here => return Ok(()),
        Ok(before) => {
            eprintln!("  the cache holds what {before} built: the workspace is built anew");
            for profile in ["dev", "wasm"] {
                let clean = [
                    "clean",
                    "--quiet",
                    "--workspace",
                    "--target",
                    WASM_TARGET,
                    "--profile",
                    profile,
                ];
                process::run(&paths.cargo(&clean))?;
            }
        }
        Err(_) => std::fs::create_dir_all(&paths.target)
            .with_context(|| format!("cannot make {}", paths.target.display()))?,
    }
    std::fs::write(&mark, here.as_bytes()).with_context(|| format!("cannot write {}", mark.display()))
}
