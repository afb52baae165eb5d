//! Reads files of `queries/`. The build script of `crates/query` uses this module too.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folders of `queries/`, sorted by name.
///
/// # Errors
/// A sentence if the folder cannot be listed.
pub fn folders(queries: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = entries(queries)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// Returns everything in a folder, sorted by name.
///
/// # Errors
/// A sentence if the folder cannot be listed.
pub fn entries(path: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(path).map_err(|error| format!("{}: cannot be listed: {error}", shown(path)))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// Returns the text of a file.
///
/// # Errors
/// A sentence if the file cannot be read as UTF-8.
pub fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", shown(path)))
}

/// Returns the name of a file or folder.
pub fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Shortens a path for messages: the part from `queries` on.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.rfind("queries")
        .map_or_else(|| text.clone().into_owned(), |at| text[at..].to_owned())
}
