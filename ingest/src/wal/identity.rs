//! Who writes this log: a number that is this log's alone in the lake.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{segment::sync_folder, tail::RELEASED};
use crate::error::WalError;

/// Exclusive use of a log's folder; ends with the process, however it ends.
pub struct FolderLock {
    _file: File,
    folder: PathBuf,
}

/// The writer number of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// From 1 to 32,767: the high 16 bits of each `RowId`, which stays positive.
    pub writer: u16,
}

impl FolderLock {
    /// Creates the folder if need be and locks it.
    pub fn acquire(folder: &Path) -> Result<Self, WalError> {
        let failed = |doing, source| WalError::Io {
            doing,
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(|source| failed("create", source))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(|source| failed("lock", source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                folder: folder.to_owned(),
            }),
            Err(TryLockError::WouldBlock) => Err(WalError::Locked {
                folder: folder.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed("lock", source)),
        }
    }

    /// The writer number kept in the folder; `None` if the log is new.
    pub fn identity(&self) -> Result<Option<Identity>, WalError> {
        let path = self.folder.join("writer");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(WalError::Io {
                    doing: "read",
                    path,
                    source,
                });
            }
        };
        match text.trim().parse() {
            Ok(writer) if (1..=Identity::MAX).contains(&writer) => Ok(Some(Identity { writer })),
            _ => Err(WalError::Identity { path }),
        }
    }

    /// The last position that was in all tables when the log was last released; 0 if that is not known.
    pub fn released(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join(RELEASED)).unwrap_or_default();
        text.parse().unwrap_or(0)
    }

    /// Keeps the writer number.
    pub fn keep(&self, identity: Identity) -> Result<(), WalError> {
        replace_file(
            &self.folder.join("writer"),
            identity.writer.to_string().as_bytes(),
        )
    }
}

impl Identity {
    /// The highest writer number.
    pub const MAX: u16 = i16::MAX as u16;

    /// The `RowId` of a log position.
    pub fn row_id(self, position: u64) -> i64 {
        (i64::from(self.writer) << 48) | position as i64
    }
}

/// Replaces a small file at once and durably.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), WalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(folder)
    };
    write().map_err(|source| WalError::Io {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}
