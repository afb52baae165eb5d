//! Durable files: what a commit names must survive a power cut before it is named.

use std::fs::File;
use std::path::{Path, PathBuf};

use iceberg::io::FileIO;

use crate::error::{Error, Result};

/// Prefix of every location in metadata.
const SCHEME: &str = "file://";

/// The Iceberg location of an absolute local path.
pub(crate) fn location(path: &Path) -> String {
    format!("{SCHEME}{}", path.display())
}

/// The local path of an Iceberg location.
pub(crate) fn path(location: &str) -> PathBuf {
    PathBuf::from(location.strip_prefix(SCHEME).unwrap_or(location))
}

/// Writes a whole file and syncs it (the iceberg crate's `OutputFile::write` does not sync).
pub(crate) async fn write(file_io: &FileIO, location: &str, bytes: Vec<u8>) -> Result<()> {
    let mut writer = file_io.new_output(location)?.writer().await?;
    writer.write(bytes.into()).await?;
    writer.close().await?;
    Ok(())
}

/// Makes the names of new files in the folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io(folder))
}

/// Creates the folder and those above it, durably.
pub(crate) fn create_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folder(parent)?;
    }
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::io(folder)(error));
        }
        _ => {}
    }
    folder.parent().map_or(Ok(()), sync_folder)
}

/// Deletes files that nothing names any more. What can't be deleted is reported and left: it costs space, not truth.
pub(crate) fn delete<'a>(locations: impl IntoIterator<Item = &'a str>) {
    for location in locations {
        if let Err(error) = std::fs::remove_file(path(location))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(location, %error, "could not delete a file that is no longer needed");
        }
    }
}
