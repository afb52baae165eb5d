//! Files of Maven's central repository: libraries of the tests in Java.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::announce;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Installs versions of a library, each with its jars into a folder of its own below the tool's folder.
///
/// # Errors
/// Returns an error if a download fails.
pub fn install(paths: &Paths, tool: &str, library: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let versions = format!("{library:?}");
    if installed::matches(&paths.tools(), tool, &versions) {
        return Ok(());
    }
    announce(&format!("{tool} from Maven"));
    let all = paths.tools().join(tool);
    let _ = std::fs::remove_dir_all(&all);
    for (version, jars) in library {
        let folder = all.join(version);
        std::fs::create_dir_all(&folder)?;
        for jar in jars {
            let name = jar.rsplit('/').next().unwrap_or(jar);
            fetch(paths, jar, &folder.join(name))?;
        }
    }
    installed::record(&paths.tools(), tool, &versions)
}

/// Downloads a file by its path in the repository.
///
/// # Errors
/// Returns an error that names the target if curl fails.
pub fn fetch(paths: &Paths, path: &str, target: &Path) -> Result<()> {
    process::run(
        paths
            .command("curl")
            .args(["--fail", "--location", "--progress-bar", "--output"])
            .arg(target)
            .arg(format!("https://repo1.maven.org/maven2/{path}")),
    )
    .with_context(|| format!("{} can't be fetched", target.display()))
}
