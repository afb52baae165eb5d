//! npm packages, and the links to chDB's library among them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::announce;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Installs exactly these packages, by name and version, into the tools folder.
pub fn install(paths: &Paths, packages: &BTreeMap<String, String>) -> Result<()> {
    let manifest = json!({ "private": true, "dependencies": packages, "allowScripts": {} }).to_string();
    if installed::matches(&paths.tools(), "npm", &manifest)
        && paths.node_modules().join(".bin/workerd").exists()
    {
        return Ok(());
    }
    if process::output(paths.command("npm").arg("--version")).is_none() {
        bail!("npm is not on the PATH: install Node.js 20 or newer");
    }
    announce("npm packages (workerd, wrangler, esbuild, binaryen, libchdb, playwright-core)");
    std::fs::write(paths.tools().join("package.json"), &manifest)?;
    process::run(
        paths
            .command("npm")
            .args([
                "install",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
                "--loglevel=error",
            ])
            .current_dir(paths.tools()),
    )?;
    installed::record(&paths.tools(), "npm", &manifest)
}

/// Makes the link `tools/libchdb/libchdb.so`, which is the run path of the programs.
pub fn link_libchdb(paths: &Paths) -> Result<()> {
    let library = paths.node_modules().join("@chdb/lib-linux-x64-gnu/libchdb.so");
    if !library.exists() {
        bail!(
            "{} is missing: chDB has builds for Linux on amd64",
            library.display()
        );
    }
    let folder = paths.tools().join("libchdb");
    std::fs::create_dir_all(&folder)?;
    copy_header(paths, &folder.join("chdb.h"))?;
    let link = folder.join("libchdb.so");
    if std::fs::read_link(&link).ok().as_deref() == Some(Path::new(&library)) {
        return Ok(());
    }
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&library, &link)
        .with_context(|| format!("cannot make the link {}", link.display()))
}

/// Copies the header beside the library. With a path in the checkout, every checkout would compile chdb-rust again.
fn copy_header(paths: &Paths, target: &Path) -> Result<()> {
    let header = std::fs::read(paths.checkout.join("chdb-container/include/chdb.h"))?;
    if std::fs::read(target).ok().as_ref() == Some(&header) {
        return Ok(());
    }
    std::fs::write(target, header).with_context(|| format!("cannot write {}", target.display()))
}
