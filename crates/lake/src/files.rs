//! Small files that are replaced as a whole, and folders whose entries must be durable.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// The effect of a power failure on a file that was just replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The new content is there.
    Synced,
    /// The old content, the new content, or no file is there.
    Unsynced,
}

/// Replaces a file atomically: a reader finds the old or the new content.
///
/// # Errors
/// Returns an error if the file cannot be written, or its folder cannot be synced.
pub fn replace(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    if durability == Durability::Unsynced {
        return fs::rename(&temporary, path);
    }
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Syncs a folder, so that created, renamed and deleted files in it are durable.
///
/// # Errors
/// Returns an error if the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
