//! The native programs and the tests, the browser bundle and the Worker.

use anyhow::Result;

use crate::paths::Paths;
use lakefront_launcher::process;

/// Builds the programs that `up` starts.
///
/// The one test makes cargo resolve the features of tests too, so that no dependency is compiled a second time for them.
pub fn programs(paths: &Paths) -> Result<()> {
    eprintln!("  … the programs (the first time takes minutes)");
    process::run(&paths.cargo(&["build", "--workspace", "--bins", "--test", "up"]))
}

/// Builds everything native: programs, tests, examples and benchmarks.
pub fn all(paths: &Paths) -> Result<()> {
    eprintln!("  … programs, tests, examples and benchmarks, with lints");
    process::run(&paths.cargo(&["build", "--workspace", "--all-targets"]))
}

/// Builds what `bench` measures: the programs and the examples, optimized as the container images are but faster to build.
pub fn measured(paths: &Paths) -> Result<()> {
    process::run(&paths.cargo(&[
        "build",
        "--workspace",
        "--bins",
        "--examples",
        "--profile",
        "measured",
    ]))
}

/// Builds the browser bundle and the Worker, and fails when they have grown past their limits.
pub fn bundle(paths: &Paths) -> Result<()> {
    crate::bundle::bundle(paths)
}
