//! A file per thing that was brought, with what it was brought for: the next run compares and goes on.

use std::path::PathBuf;

use anyhow::Result;

use crate::paths::Paths;

fn file(paths: &Paths, thing: &str) -> PathBuf {
    paths.tools().join("stamps").join(thing)
}

/// Whether `thing` was brought for exactly this `wish`.
pub fn matches(paths: &Paths, thing: &str, wish: &str) -> bool {
    std::fs::read_to_string(file(paths, thing)).is_ok_and(|text| text == wish)
}

/// Notes that it was.
pub fn set(paths: &Paths, thing: &str, wish: &str) -> Result<()> {
    let file = file(paths, thing);
    std::fs::create_dir_all(paths.tools().join("stamps"))?;
    Ok(std::fs::write(file, wish)?)
}

/// Forgets that it was.
pub fn remove(paths: &Paths, thing: &str) -> Result<()> {
    match std::fs::remove_file(file(paths, thing)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
