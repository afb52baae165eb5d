//! What `up` and the tests run: the native programs, the browser bundle and the Worker.

use anyhow::Result;

use crate::paths::Paths;
use crate::process;

/// Builds every program, and with them the tests: one selection of packages has one set of features, so that
/// dependencies are compiled once for `up` and for the tests.
pub fn programs(paths: &Paths) -> Result<()> {
    process::run(&paths.cargo(&["build", "--workspace", "--all-targets"]))
}

/// Builds the browser bundle and the Worker, and fails when they have grown past their limits.
pub fn bundle(paths: &Paths) -> Result<()> {
    crate::bundle::bundle(paths)
}
