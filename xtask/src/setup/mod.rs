//! `cargo xtask setup`: whatever is missing, the ordinary road first. Versions are in `xtask/versions.toml`.

mod apt;
mod cargo_tools;
mod collector;
mod npm;
mod object_store;
mod python;
mod stamp;
mod versions;
mod wasm_target;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use versions::Versions;

pub use cargo_tools::install as cargo_tool;
pub use collector::install as collector;
pub use wasm_target::{WASM_TARGET, linked_toolchain};

/// How much of it a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// What `up` builds and runs with.
    Stack,
    /// That, and an object store with its catalog.
    StackOnS3,
    /// That, and what only tests use: Chromium.
    Everything,
}

/// Brings what is missing and says, for each thing it can't get, what to do by hand.
///
/// # Errors
/// When something is still missing at the end; what could be brought has been.
pub fn run(wanted: Wanted) -> Result<Paths> {
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
    if wanted >= Wanted::StackOnS3 {
        step("Python packages", python::install(&paths));
        step(
            "MinIO and the Iceberg REST catalogs",
            object_store::install(&paths),
        );
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

/// `.tools` in the checkout: what `.cargo/config.toml` and editors look through.
fn link_tools(paths: &Paths) -> Result<()> {
    let link = paths.checkout.join(".tools");
    if std::fs::read_link(&link).ok().as_deref() == Some(&paths.tools()) {
        return Ok(());
    }
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(paths.tools(), &link)
        .with_context(|| format!("cannot make the link {}", link.display()))
}

/// Says what is being brought, before something that takes longer than a moment.
fn announce(what: &str) {
    eprintln!("  … bringing {what}");
}
