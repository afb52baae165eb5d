//! Builds the native programs, the tests, the browser bundle and the Worker.

use anyhow::Result;

use crate::paths::Paths;
use lakefront_launcher::process;

/// Builds the programs that `up` starts.
///
/// One test is built too, so that cargo resolves the features of tests. Otherwise cargo would compile dependencies
/// again for them.
pub fn programs(paths: &Paths) -> Result<()> {
    eprintln!("  … the programs (the first time takes minutes)");
    process::run(&paths.cargo(&["build", "--workspace", "--bins", "--test", "up"]))
}

/// Builds all native targets: programs, tests, examples and benchmarks.
pub fn all(paths: &Paths) -> Result<()> {
    eprintln!("  … programs, tests, examples and benchmarks, with lints");
    process::run(&paths.cargo(&["build", "--workspace", "--all-targets"]))
}

/// Builds the programs and examples that `bench` measures. They are optimized like the container images, but build
/// faster.
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

/// Builds the browser bundle and the Worker.
///
/// # Errors
/// Returns an error if a build fails, or an output is past its size limit.
pub fn bundle(paths: &Paths) -> Result<()> {
    crate::bundle::bundle(paths)
}
