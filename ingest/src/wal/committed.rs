//! A log whose requests are all in the lake, so that it can be emptied.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lakefront_lake::files;

use super::{FolderLock, Recovered, segment};
use crate::error::WalError;

/// A log whose requests are all in the lake.
pub struct CommittedLog {
    recovered: Recovered,
    folder: PathBuf,
    _lock: FolderLock,
}

impl CommittedLog {
    /// Opens a log that no server uses.
    ///
    /// # Errors
    /// [`WalError::Pending`] when requests are not in the lake yet, [`WalError::SetAside`] when the folder has damaged
    /// ones, and I/O errors.
    pub fn open(lock: FolderLock, folder: &Path) -> Result<Self, WalError> {
        let recovered = Recovered::of(folder)?;
        let entries = fs::read_dir(folder).map_err(|source| io("list", folder, source))?;
        for entry in entries {
            let path = entry.map_err(|source| io("list", folder, source))?.path();
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if extension.starts_with("aside-") {
                return Err(WalError::SetAside { path });
            }
        }
        if recovered.has_requests() && lock.released() + 1 < recovered.next_position {
            return Err(WalError::Pending {
                folder: folder.to_owned(),
            });
        }
        Ok(Self {
            recovered,
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Returns the folder of the log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Deletes all requests, and returns the number of bytes. The positions of further ones go on.
    ///
    /// # Errors
    /// When a segment cannot be created or deleted. A repetition goes on.
    pub fn clear(&self) -> Result<u64, WalError> {
        let segments = self.recovered.segments();
        let Some(last) = segments
            .keys()
            .next_back()
            .filter(|_| self.recovered.has_requests())
        else {
            return Ok(0);
        };
        segment::create(&self.folder, last + 1, self.recovered.next_position)
            .map_err(|source| io("create a segment in", &self.folder, source))?;
        for number in segments.keys() {
            let path = segment::path(&self.folder, *number);
            fs::remove_file(&path).map_err(|source| io("delete", &path, source))?;
        }
        files::sync_folder(&self.folder).map_err(|source| io("sync", &self.folder, source))?;
        Ok(segments.values().map(|length| length - segment::HEAD).sum())
    }
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> WalError {
    WalError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
