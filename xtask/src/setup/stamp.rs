//! One file for each installed tool, with the version it was installed for. A later run skips a tool whose file
//! matches.

use std::path::PathBuf;

use anyhow::Result;

use crate::paths::Paths;

fn file(paths: &Paths, thing: &str) -> PathBuf {
    paths.tools().join("stamps").join(thing)
}

/// Returns true if `thing` was installed for exactly this `wish`.
pub fn matches(paths: &Paths, thing: &str, wish: &str) -> bool {
    std::fs::read_to_string(file(paths, thing)).is_ok_and(|text| text == wish)
}

/// Records that `thing` was installed for `wish`.
pub fn set(paths: &Paths, thing: &str, wish: &str) -> Result<()> {
    let file = file(paths, thing);
    std::fs::create_dir_all(paths.tools().join("stamps"))?;
    Ok(std::fs::write(file, wish)?)
}

/// Removes the record of `thing`.
pub fn remove(paths: &Paths, thing: &str) -> Result<()> {
    match std::fs::remove_file(file(paths, thing)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
