//! Records of installed tools: one file each in the tools folder, with the version. A later run skips a tool whose
//! record matches.

use std::path::{Path, PathBuf};

use anyhow::Result;

fn file(tools: &Path, tool: &str) -> PathBuf {
    tools.join("stamps").join(tool)
}

/// Returns true if `tool` was installed for exactly this `version`.
pub fn matches(tools: &Path, tool: &str, version: &str) -> bool {
    std::fs::read_to_string(file(tools, tool)).is_ok_and(|text| text == version)
}

/// Records that `tool` was installed for `version`.
pub fn record(tools: &Path, tool: &str, version: &str) -> Result<()> {
    let file = file(tools, tool);
    std::fs::create_dir_all(tools.join("stamps"))?;
    Ok(std::fs::write(file, version)?)
}

/// Removes the record of `tool`.
pub fn remove(tools: &Path, tool: &str) -> Result<()> {
    match std::fs::remove_file(file(tools, tool)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
