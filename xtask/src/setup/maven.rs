//! Files of Maven's central repository, and the JDBC drivers among them.

use std::path::Path;

use anyhow::{Context, Result};

use super::announce;
use super::versions::Versions;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Installs the JDBC drivers of the tests, each into a folder named after its version.
///
/// # Errors
/// Returns an error if a download fails.
pub fn install_jdbc(paths: &Paths) -> Result<()> {
    let drivers = Versions::read(paths)?.jdbc;
    let versions = format!("{drivers:?}");
    if installed::matches(&paths.tools(), "jdbc", &versions) {
        return Ok(());
    }
    announce("the JDBC drivers from Maven: 21 MB");
    let _ = std::fs::remove_dir_all(paths.jdbc());
    for (version, jars) in drivers {
        let folder = paths.jdbc().join(version);
        std::fs::create_dir_all(&folder)?;
        for jar in jars {
            let name = jar.rsplit('/').next().unwrap_or(&jar);
            fetch(paths, &jar, &folder.join(name))?;
        }
    }
    installed::record(&paths.tools(), "jdbc", &versions)
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
