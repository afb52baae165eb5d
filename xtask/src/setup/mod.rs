//! The command `cargo xtask setup`: installs missing tools, from the usual source first. Versions are in
//! `xtask/versions.toml`.

mod apt;
mod cargo_tools;
mod collector;
mod maven;
mod npm;
mod object_store;
mod python;
mod versions;
mod wasm_target;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use versions::Versions;

pub use cargo_tools::install as cargo_tool;
pub use collector::install as collector;
pub use wasm_target::WASM_TARGET;

/// The set of tools that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolSet {
    /// The tools with which `up` builds and runs.
    Stack,
    /// The tools of `Stack`, and an object store with its catalog.
    StackOnS3,
    /// The tools of `StackOnS3`, and for the tests Chromium and what the tests in Java use.
    Everything,
}

/// Installs the missing tools. For each tool that cannot be installed, prints the steps to install it by hand.
///
/// # Errors
/// Returns an error if a tool is still missing at the end. All other tools are then installed.
pub fn run(wanted: ToolSet) -> Result<Paths> {
    let paths = Paths::find()?;
    let versions = Versions::read(&paths)?;
    link_tools(&paths)?;
    let mut missing = Vec::new();
    let mut step = |name: &str, result: Result<()>| {
        if let Err(error) = result {
            eprintln!("  ✗ {name}: {error:#}");
            missing.push(name.to_owned());
        }
    };
    step("Debian packages", apt::install(&versions.apt(wanted)));
    step("the wasm32 standard library", wasm_target::install(&paths));
    step("npm packages", npm::install(&paths, &versions.npm(&paths)?));
    step("libchdb", npm::link_libchdb(&paths));
    for (tool, version) in versions.cargo(&paths)? {
        step(&tool, cargo_tools::install(&paths, &tool, &version));
    }
    if wanted >= ToolSet::StackOnS3 {
        step("Python packages", python::install(&paths));
        step(
            "MinIO and the Iceberg REST catalogs",
            object_store::install(&paths),
        );
    }
    if wanted >= ToolSet::Everything {
        step("JDBC drivers", maven::install(&paths, "jdbc", &versions.jdbc));
        let sdk = maven::install(&paths, "otel-java", &versions.otel_java);
        step("the OpenTelemetry SDK for Java", sdk);
    }
    if lakefront_launcher::process::interrupted() {
        bail!("interrupted");
    }
    if !missing.is_empty() {
        bail!(
            "setup could not bring: {}. The lines above say why; everything else is in place",
            missing.join(", ")
        );
    }
    crate::source_times::align(&paths)?;
    Ok(paths)
}

/// Makes the link `.tools` in the checkout, through which `.cargo/config.toml` and editors find the tools.
fn link_tools(paths: &Paths) -> Result<()> {
    let link = paths.checkout.join(".tools");
    if std::fs::read_link(&link).ok().as_deref() == Some(&paths.tools()) {
        return Ok(());
    }
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(paths.tools(), &link)
        .with_context(|| format!("cannot make the link {}", link.display()))
}

/// Prints the name of a tool before an installation that takes long.
fn announce(what: &str) {
    eprintln!("  … bringing {what}");
}
