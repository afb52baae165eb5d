//! Files of a table, on local disk or on an S3 store. A file must survive a power cut before a commit names it.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use iceberg::io::FileIO;

use crate::error::{Error, Result};
use crate::s3::S3;
use crate::{files, location};

/// The storage of a table's files.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// On local disk.
    Local(FileIO),
    /// On an S3 store.
    S3(S3),
}

impl Storage {
    /// Returns the client that reads and writes metadata files.
    pub(crate) fn file_io(&self) -> &FileIO {
        match self {
            Self::Local(file_io) => file_io,
            Self::S3(store) => &store.file_io,
        }
    }

    /// Drops vended keys, so that the next request gets new ones: the store may have refused them.
    pub(crate) async fn forget_keys(&self) {
        match self {
            Self::Local(_) => {}
            Self::S3(store) => store.forget_keys().await,
        }
    }

    /// Creates a local file for the content of a data file. [`Self::put`] then makes it durable. Blocks.
    pub(crate) fn create(&self, location: &str) -> Result<File> {
        match self {
            Self::Local(_) => {
                let path = location::path(location);
                path.parent().map_or(Ok(()), create_folder)?;
                File::create_new(&path).map_err(Error::io(path))
            }
            Self::S3(_) => temporary(),
        }
    }

    /// Makes a file durable at the location that it was created for. Blocks, and needs a thread of a Tokio runtime.
    pub(crate) fn put(&self, mut file: File, location: &str) -> Result<()> {
        match self {
            Self::Local(_) => {
                let path = location::path(location);
                file.sync_all().map_err(Error::io(&path))?;
                path.parent().map_or(Ok(()), sync_folder)
            }
            Self::S3(store) => {
                file.seek(SeekFrom::Start(0)).map_err(Error::io(location))?;
                tokio::runtime::Handle::current().block_on(store.upload(file, location))
            }
        }
    }

    /// Deletes a file that was created for this location, if writing it failed. Blocks.
    pub(crate) fn abandon(&self, location: &str) {
        match self {
            Self::Local(_) => delete_files([location]),
            // The local copy has no name. The object exists only if its upload was completed; it is then removed as an orphan file.
            Self::S3(_) => {}
        }
    }

    /// Opens a data file for reading. Blocks, and needs a thread of a Tokio runtime.
    pub(crate) fn open(&self, location: &str) -> Result<File> {
        match self {
            Self::Local(_) => {
                let path = location::path(location);
                File::open(&path).map_err(Error::io(path))
            }
            Self::S3(store) => {
                let file = temporary()?;
                tokio::runtime::Handle::current().block_on(store.download(location, file))
            }
        }
    }

    /// Deletes files that no metadata names. Failures are only logged: a file that stays costs space, but harms no
    /// reader.
    pub(crate) async fn delete(&self, locations: Vec<String>) {
        match self {
            Self::Local(_) => {
                let delete = move || delete_files(locations.iter().map(String::as_str));
                if let Err(error) = tokio::task::spawn_blocking(delete).await {
                    tracing::warn!(%error, "files that are no longer needed may stay on disk");
                }
            }
            Self::S3(store) => store.delete(locations).await,
        }
    }

    /// Returns the locations of the files below `folder` that were last written before `bound`.
    pub(crate) async fn files_before(&self, folder: &str, bound: SystemTime) -> Result<Vec<String>> {
        match self {
            Self::Local(_) => {
                let folder = location::path(folder);
                tokio::task::spawn_blocking(move || local_files_before(folder, bound)).await?
            }
            Self::S3(store) => store.files_before(folder, bound).await,
        }
    }
}

/// Returns a temporary file without a name, which is deleted when it is closed.
fn temporary() -> Result<File> {
    tempfile::tempfile().map_err(Error::io(std::env::temp_dir()))
}

/// Syncs a folder and names it in an error.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    files::sync_folder(folder).map_err(Error::io(folder))
}

/// Creates a folder and its missing parents durably.
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

/// Deletes local files; see [`Storage::delete`].
pub(crate) fn delete_files<'a>(locations: impl IntoIterator<Item = &'a str>) {
    for location in locations {
        if let Err(error) = std::fs::remove_file(location::path(location))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(location, %error, "could not delete a file that is no longer needed");
        }
    }
}

fn local_files_before(folder: PathBuf, bound: SystemTime) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let entry = entry.map_err(Error::io(&folder))?;
            let path = entry.path();
            let attributes = match entry.metadata() {
                Ok(attributes) => attributes,
                // Another process has deleted the file since.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io(path)(error)),
            };
            if attributes.is_dir() {
                folders.push(path);
            } else if attributes.modified().map_err(Error::io(&path))? < bound {
                found.push(location::of_path(&path));
            }
        }
    }
    Ok(found)
}
