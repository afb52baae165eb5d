//! One file for each installed tool, with the version it was installed for. A later run skips a tool whose file
//! matches.

use std::path::PathBuf;

use anyhow::Result;

use crate::paths::Paths;

fn file(paths: &Paths, tool: &str) -> PathBuf {
    paths.tools().join("stamps").join(tool)
}

/// Returns true if `tool` was installed for exactly this `version`.
pub fn matches(paths: &Paths, tool: &str, version: &str) -> bool {
    std::fs::read_to_string(file(paths, tool)).is_ok_and(|text| text == version)
}

/// Records that `tool` was installed for `version`.
pub fn record(paths: &Paths, tool: &str, version: &str) -> Result<()> {
    let file = file(paths, tool);
    std::fs::create_dir_all(paths.tools().join("stamps"))?;
    Ok(std::fs::write(file, version)?)
}

/// Removes the record of `tool`.
pub fn remove(paths: &Paths, tool: &str) -> Result<()> {
    match std::fs::remove_file(file(paths, tool)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
