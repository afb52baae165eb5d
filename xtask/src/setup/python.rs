//! The Python packages of the tests.

use anyhow::{Context, Result};

use super::announce;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Makes a virtual environment with the packages that `tests/requirements.txt` pins.
pub fn install(paths: &Paths) -> Result<()> {
    let file = paths.checkout.join("tests/requirements.txt");
    let requirements =
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if installed::matches(&paths.tools(), "python", &requirements) && paths.python().exists() {
        return Ok(());
    }
    announce("Python packages for the tests");
    if !paths.python().exists() {
        process::run(
            paths
                .command("python3")
                .args(["-m", "venv"])
                .arg(paths.tools().join("python")),
        )?;
    }
    process::run(
        paths
            .command(paths.python())
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(&file),
    )?;
    installed::record(&paths.tools(), "python", &requirements)
}
