//! The command `cargo xtask test --quick`: formatting, lints and unit tests of the packages that changed against
//! `main`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::job::{self, Job};
use super::{Count, pool};
use crate::paths::Paths;
use lakefront_launcher::process;

/// Runs the quick tests.
///
/// Compiles the unit tests of the whole workspace, so that other commands can use the outputs. Of the integration
/// tests, compiles those whose files changed.
///
/// # Errors
/// Returns an error if git cannot list the changes, the code does not build or is not formatted, or a test fails.
pub fn run(paths: &Paths) -> Result<()> {
    let changed = changed(paths)?;
    let folders: BTreeSet<PathBuf> = changed
        .iter()
        .filter_map(|file| package(&paths.checkout, file))
        .collect();
    process::run(&paths.cargo(&["fmt", "--all", "--check"]))?;
    let integration: BTreeSet<String> = changed
        .iter()
        .filter_map(|file| integration(&paths.checkout, file))
        .collect();
    let selection: Vec<&str> = ["--workspace", "--lib", "--bins"]
        .into_iter()
        .chain(integration.iter().map(String::as_str))
        .collect();
    let binaries = job::binaries(paths, &selection)?;
    let jobs: Vec<Job> = job::jobs(&binaries, &[], false)
        .into_iter()
        .filter(|job| job.binary.name == "unit" && folders.contains(&job.binary.folder))
        .collect();
    if jobs.is_empty() {
        println!("no package with unit tests differs from `main`");
    }
    let mut count = Count::default();
    pool::run(paths, jobs, &mut count)?;
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed > 0 {
        bail!("{} tests failed", count.failed);
    }
    Ok(())
}

/// Returns the files that differ from `main`, committed or not, relative to the checkout.
fn changed(paths: &Paths) -> Result<Vec<PathBuf>> {
    let git = |arguments: &[&str]| process::output(paths.command("git").args(arguments));
    let Some(base) = git(&["merge-base", "HEAD", "main"]) else {
        bail!("git knows no branch `main` here: run `cargo xtask test`");
    };
    let committed = git(&["diff", "--name-only", &base]).unwrap_or_default();
    let new = git(&["ls-files", "--others", "--exclude-standard"]).unwrap_or_default();
    Ok(committed.lines().chain(new.lines()).map(PathBuf::from).collect())
}

/// Returns the folder of the package that a file belongs to.
fn package(checkout: &Path, file: &Path) -> Option<PathBuf> {
    let mut folders = file.ancestors().skip(1).map(|folder| checkout.join(folder));
    folders.find(|folder| *folder != checkout && folder.join("Cargo.toml").exists())
}

/// Returns the option that compiles, and so lints, the integration test of a file. For `tests/tests/sync/main.rs` it is
/// `--test=sync`.
fn integration(checkout: &Path, file: &Path) -> Option<String> {
    let file = checkout.join(file);
    let below = file
        .strip_prefix(package(checkout, &file)?)
        .ok()?
        .strip_prefix("tests")
        .ok()?;
    let name = Path::new(below.iter().next()?).file_stem()?.to_str()?;
    let folder = file.ancestors().find(|folder| folder.ends_with("tests"))?;
    let is_test =
        folder.join(name).join("main.rs").exists() || folder.join(name).with_extension("rs").exists();
    is_test.then(|| format!("--test={name}"))
}
