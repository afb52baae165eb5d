//! Stamps of built outputs, which show whether an input has changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A hash of an output's input files, written to a file beside the output.
pub struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// Returns the stamp of files, and of every file below folders. The hash includes the names of files in folders.
    pub fn of(file: PathBuf, inputs: &[&Path]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        // The code that makes the output is an input too.
        (
            include_str!("browser.rs"),
            include_str!("module.rs"),
            include_str!("script.rs"),
            include_str!("worker.rs"),
        )
            .hash(&mut hasher);
        for input in inputs {
            add(input, &mut hasher).with_context(|| format!("cannot read {}", input.display()))?;
        }
        Ok(Self {
            file,
            hash: format!("{:016x}", hasher.finish()),
        })
    }

    /// Returns the hash as sixteen hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Returns true if the output was made from these inputs.
    pub fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|hash| hash == self.hash)
    }

    /// Records that the output was made from these inputs.
    pub fn write(&self) -> Result<()> {
        std::fs::write(&self.file, &self.hash)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn add(path: &Path, hasher: &mut impl Hasher) -> std::io::Result<()> {
    if path.is_dir() {
        let mut entries = std::fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries {
            entry.file_name().hash(hasher);
            add(&entry, hasher)?;
        }
    } else {
        std::fs::read(path)?.hash(hasher);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_makes_it_stale() {
        let folder = std::env::temp_dir().join(format!("lakefront-stamp-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("in/deep")).unwrap();
        std::fs::write(folder.join("in/deep/a"), "1").unwrap();
        let stamp = || Stamp::of(folder.join("stamp"), &[&folder.join("in")]).unwrap();
        assert!(!stamp().is_current());
        stamp().write().unwrap();
        assert!(stamp().is_current());
        std::fs::write(folder.join("in/deep/a"), "2").unwrap();
        assert!(!stamp().is_current());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
