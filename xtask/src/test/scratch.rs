//! The folder for the data of tests, in memory where the machine has room.
//!
//! Tests start dozens of engines, and each engine creates thousands of small files. On ext4, creating and deleting them
//! costs more processor time than the engines' own work.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The mount point of Linux's file system in memory.
const MEMORY: &str = "/dev/shm";
/// Free bytes that the file system in memory must have.
const ROOM: u64 = 6 << 30;
/// Bytes that processes must still be able to allocate.
const AVAILABLE: u64 = 12 << 30;
/// The folder's name, before the id of the process that owns it.
const PREFIX: &str = "lakefront-test-";

/// A folder that is deleted with the value.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Creates the folder: in memory if it has room, else in the folder for temporary files.
    ///
    /// Deletes the folders of earlier processes that were killed.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be created.
    pub fn create() -> Result<Self> {
        let memory = Path::new(MEMORY);
        let parent = if has_room(memory) {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        delete_abandoned(&parent);
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn has_room(memory: &Path) -> bool {
    let free =
        nix::sys::statvfs::statvfs(memory).map_or(0, |disk| disk.blocks_available() * disk.fragment_size());
    let available = fs::read_to_string("/proc/meminfo").map_or(0, |text| available(&text));
    free >= ROOM && available >= AVAILABLE
}

/// Returns `MemAvailable` of `/proc/meminfo` in bytes, or 0.
fn available(meminfo: &str) -> u64 {
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<u64>().ok())
        .map_or(0, |kib| kib << 10)
}

fn delete_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if owner.is_some_and(|id| id.parse::<u32>().is_ok() && !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFIX, Scratch, available, delete_abandoned};

    #[test]
    fn a_folder_lives_as_long_as_its_value_and_its_process() {
        let scratch = Scratch::create().unwrap();
        let parent = scratch.path().parent().unwrap().to_owned();
        // No process has an id past 2^22.
        let abandoned = parent.join(format!("{PREFIX}4194999"));
        std::fs::create_dir_all(&abandoned).unwrap();
        delete_abandoned(&parent);
        assert!(!abandoned.exists());
        let path = scratch.path().to_owned();
        assert!(path.exists());
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn reads_the_available_memory() {
        assert_eq!(available("MemTotal: 100 kB\nMemAvailable:   12 kB\n"), 12 << 10);
        assert_eq!(available("MemTotal: 100 kB\n"), 0);
    }
}
