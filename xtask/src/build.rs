//! What `up` and the tests run: the native programs, the browser bundle and the Worker.

use anyhow::Result;

use crate::paths::Paths;
use crate::process;

/// Builds ingest, the chDB container's server and the demo.
pub fn programs(paths: &Paths) -> Result<()> {
    process::run(&paths.cargo(&[
        "build",
        "-p",
        "lakefront-ingest",
        "-p",
        "lakefront-chdb-container",
        "-p",
        "lakefront-demo",
    ]))
}

/// Builds the browser bundle and the Worker, and fails when they have grown past their limits.
pub fn bundle(paths: &Paths) -> Result<()> {
    crate::bundle::bundle(paths)
}
