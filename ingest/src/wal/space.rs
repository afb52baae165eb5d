//! Free space on the disk of the log. Commits to the lake need some; without it a full disk would stay full.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The reserve for commits is at most the disk's size divided by this.
const LARGEST_FRACTION: u64 = 4;

/// A segment is at most the disk's size divided by this. Only whole segments are deleted, so that a large one holds
/// space for long.
const SEGMENT_FRACTION: u64 = 16;

/// Requests are refused if the space that is left is below the reserve divided by this, because most would not fit.
const MARGIN_FRACTION: u64 = 16;

/// Least size of a segment, in bytes.
const LEAST_SEGMENT: u64 = 1 << 20;

/// The disk of the log, with the part of it that is reserved.
#[derive(Clone, Debug)]
pub struct Space {
    folder: PathBuf,
    total: u64,
    reserve: u64,
    is_shared: bool,
}

/// The free space of a disk, and the space that must stay free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSpace {
    /// Free bytes.
    pub free: u64,
    /// Bytes that are reserved for commits.
    pub kept: u64,
    /// Bytes on the disk that one byte in the log takes in the end.
    pub factor: u64,
    /// Bytes by which the log must be able to grow before requests are accepted.
    pub margin: u64,
}

impl Space {
    /// Returns the space on the disk of the log's folder. `lake` is the folder of the lake, if it has one. `reserve` is
    /// in bytes.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be read.
    pub fn new(folder: &Path, lake: Option<&Path>, reserve: u64) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(folder)?;
        let total = disk.f_blocks * disk.f_frsize;
        let is_shared = match lake {
            Some(lake) => fs::metadata(folder)?.dev() == fs::metadata(lake)?.dev(),
            None => false,
        };
        Ok(Self {
            folder: folder.to_owned(),
            total,
            reserve: reserve.min(total / LARGEST_FRACTION),
            is_shared,
        })
    }

    /// Returns the size of a segment in bytes, at most `bytes`.
    pub fn segment_bytes(&self, bytes: u64) -> u64 {
        bytes.min((self.total / SEGMENT_FRACTION).max(LEAST_SEGMENT))
    }

    /// Returns the free and the reserved space while `backlog` bytes of the log are not committed. On a shared disk the
    /// lake needs about as many bytes again, before the log's can be deleted.
    pub fn free_space(&self, backlog: u64) -> FreeSpace {
        let free = match rustix::fs::statvfs(&self.folder) {
            Ok(disk) => disk.f_bavail * disk.f_frsize,
            // The next write reports the error.
            Err(_) => u64::MAX,
        };
        let (kept, factor) = match self.is_shared {
            true => (self.reserve + backlog, 2),
            false => (self.reserve, 1),
        };
        FreeSpace {
            free,
            kept,
            factor,
            margin: self.reserve / MARGIN_FRACTION,
        }
    }
}

impl FreeSpace {
    /// Returns true if the disk has space for further requests.
    pub fn takes_requests(&self) -> bool {
        self.fits(self.margin)
    }

    /// Returns true if the log may grow by `bytes`.
    pub fn fits(&self, bytes: u64) -> bool {
        self.kept.saturating_add(bytes.saturating_mul(self.factor)) <= self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_keep_their_room() {
        let shared = FreeSpace {
            free: 100,
            kept: 60,
            factor: 2,
            margin: 5,
        };
        assert!(shared.takes_requests());
        assert!(!FreeSpace { free: 69, ..shared }.takes_requests());
        assert!(shared.fits(20));
        assert!(!shared.fits(21));
        assert!(!FreeSpace { free: 59, ..shared }.fits(0));
    }

    #[test]
    fn a_small_disk_keeps_a_part_of_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let space = Space::new(folder.path(), Some(folder.path()), u64::MAX).expect("a disk");
        assert_eq!(space.free_space(7).kept, space.total / 4 + 7);
        assert!(space.segment_bytes(u64::MAX) <= space.total);
        assert_eq!(space.segment_bytes(100), 100);
        let small = Space::new(folder.path(), None, 10).expect("a disk");
        assert_eq!(small.free_space(7).kept, 10, "the lake is elsewhere");
    }
}
