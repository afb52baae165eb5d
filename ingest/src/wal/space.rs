//! Room on the disk of the log: commits to the lake need some, or a full disk stays full.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The log may leave at most this fraction of a small disk to commits.
const LARGEST_FRACTION: u64 = 4;

/// A segment is at most this fraction of its disk: only whole segments are deleted.
const SEGMENT_FRACTION: u64 = 16;

/// Requests are refused when what is left is less than this fraction of the reserve: most would not fit.
const MARGIN_FRACTION: u64 = 16;

/// Least size of a segment.
const LEAST_SEGMENT: u64 = 1 << 20;

/// Room on the disk of the log.
#[derive(Clone, Debug)]
pub struct Space {
    folder: PathBuf,
    total: u64,
    reserve: u64,
    is_shared: bool,
}

/// Room that is left, and room that has to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that are kept for commits.
    pub kept: u64,
    /// Bytes on the disk that one byte in the log takes in the end.
    pub factor: u64,
    /// Bytes that the log must be able to grow by to take requests.
    pub margin: u64,
}

impl Space {
    /// The disk of the log's folder, and maybe of the lake's.
    ///
    /// # Errors
    /// When a folder can't be read.
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

    /// Returns the size of a segment, at most `bytes`.
    pub fn segment_bytes(&self, bytes: u64) -> u64 {
        bytes.min((self.total / SEGMENT_FRACTION).max(LEAST_SEGMENT))
    }

    /// Returns the room there is, with that many bytes in the log to be committed. On a shared disk the lake needs about as
    /// many, before the log's can be deleted.
    pub fn room(&self, backlog: u64) -> Room {
        let free = match rustix::fs::statvfs(&self.folder) {
            Ok(disk) => disk.f_bavail * disk.f_frsize,
            // The write itself shows what is wrong.
            Err(_) => u64::MAX,
        };
        let (kept, factor) = match self.is_shared {
            true => (self.reserve + backlog, 2),
            false => (self.reserve, 1),
        };
        Room {
            free,
            kept,
            factor,
            margin: self.reserve / MARGIN_FRACTION,
        }
    }
}

impl Room {
    /// Returns true if requests can be taken.
    pub fn takes_requests(&self) -> bool {
        self.fits(self.margin)
    }

    /// Returns true if the log may grow by that many bytes.
    pub fn fits(&self, bytes: u64) -> bool {
        self.kept.saturating_add(bytes.saturating_mul(self.factor)) <= self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_keep_their_room() {
        let shared = Room {
            free: 100,
            kept: 60,
            factor: 2,
            margin: 5,
        };
        assert!(shared.takes_requests());
        assert!(!Room { free: 69, ..shared }.takes_requests());
        assert!(shared.fits(20));
        assert!(!shared.fits(21));
        assert!(!Room { free: 59, ..shared }.fits(0));
    }

    #[test]
    fn a_small_disk_keeps_a_part_of_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let space = Space::new(folder.path(), Some(folder.path()), u64::MAX).expect("a disk");
        assert_eq!(space.room(7).kept, space.total / 4 + 7);
        assert!(space.segment_bytes(u64::MAX) <= space.total);
        assert_eq!(space.segment_bytes(100), 100);
        let small = Space::new(folder.path(), None, 10).expect("a disk");
        assert_eq!(small.room(7).kept, 10, "the lake is elsewhere");
    }
}
