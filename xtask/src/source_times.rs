//! Sets the modification times of sources that another checkout has already built.
//!
//! Cargo compares the times of source files with those of its outputs. Checkouts share one target folder, and a fresh
//! clone has fresh times. Cargo would then compile the whole workspace again. With an older checkout, cargo would use
//! the outputs of the other checkout for it.
//!
//! A record in the target folder contains a hash and the time of each file of the checkout that was built last. A file
//! with the same content gets the same time. Any other file gets the current time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::paths::Paths;

/// Name of the record in the target folder.
const RECORD: &str = "sources.json";
/// Folders from which cargo reads nothing.
const SKIPPED: [&str; 5] = [".git", ".tools", "build", "node_modules", "target"];

/// The sources of one checkout at the time of its build.
#[derive(Default, Serialize, Deserialize)]
struct Record {
    checkout: PathBuf,
    /// Sources by path below the checkout. Folders are included, with a hash of their names, because build scripts
    /// watch folders.
    sources: BTreeMap<PathBuf, Source>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Source {
    hash: u64,
    /// Nanoseconds since 1970.
    modified: u64,
}

/// Makes the times of this checkout's sources comparable with the outputs in the target folder, and records them.
///
/// # Errors
/// Returns an error if a source cannot be read, a time cannot be set, or the record cannot be written.
pub fn align(paths: &Paths) -> Result<()> {
    let file = paths.target.join(RECORD);
    let before = match fs::read(&file) {
        // An unreadable record counts as missing: every file then counts as changed.
        Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
        Err(_) => Record::default(),
    };
    let record = aligned(&paths.checkout, &before)?;
    fs::create_dir_all(&paths.target)
        .and_then(|()| fs::write(&file, serde_json::to_vec(&record)?))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn aligned(checkout: &Path, before: &Record) -> Result<Record> {
    let mut sources = BTreeMap::new();
    let fresh = before.sources.is_empty() || before.checkout == checkout;
    read(checkout, Path::new(""), &mut sources)?;
    if !fresh {
        let now = nanoseconds(SystemTime::now());
        for (path, source) in &mut sources {
            source.modified = match before.sources.get(path) {
                Some(built) if built.hash == source.hash && !touched(&before.checkout.join(path), *built) => {
                    built.modified
                }
                _ => now,
            };
        }
        // Files before their folders. Setting a file's time leaves its folder's time alone, but the order costs
        // nothing.
        for (path, source) in sources.iter().rev() {
            let file = checkout.join(path);
            File::open(&file)
                .and_then(|opened| opened.set_modified(UNIX_EPOCH + Duration::from_nanos(source.modified)))
                .with_context(|| format!("cannot set the time of {}", file.display()))?;
        }
    }
    Ok(Record {
        checkout: checkout.to_owned(),
        sources,
    })
}

/// Returns true if the other checkout's file has changed since the record. The outputs may then come from other
/// content.
fn touched(file: &Path, built: Source) -> bool {
    fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|modified| nanoseconds(modified) != built.modified)
}

/// Adds a folder and everything in it.
fn read(checkout: &Path, folder: &Path, sources: &mut BTreeMap<PathBuf, Source>) -> Result<()> {
    let at = checkout.join(folder);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&at).with_context(|| format!("cannot read {}", at.display()))? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_symlink() || SKIPPED.iter().any(|skipped| name == *skipped) && !is_source(&entry.path()) {
            continue;
        }
        let path = folder.join(&name);
        if kind.is_dir() {
            read(checkout, &path, sources)?;
        } else if kind.is_file() {
            let content =
                fs::read(entry.path()).with_context(|| format!("cannot read {}", path.display()))?;
            sources.insert(path, source(&content, &entry.metadata()?)?);
        }
        names.insert(name);
    }
    sources.insert(folder.to_owned(), source(&names, &fs::metadata(&at)?)?);
    Ok(())
}

/// Returns true for a folder of Rust sources that has the name of a skipped one, such as `crates/query/build`.
fn is_source(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
    })
}

fn source(content: &impl Hash, metadata: &fs::Metadata) -> Result<Source> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    Ok(Source {
        hash: hasher.finish(),
        modified: nanoseconds(metadata.modified()?),
    })
}

/// Returns nanoseconds since 1970. A time before 1970 or after 2554 gives 0.
fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_nanos()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modified(folder: &Path, file: &str) -> u64 {
        nanoseconds(fs::metadata(folder.join(file)).unwrap().modified().unwrap())
    }

    #[test]
    fn the_same_content_gets_the_same_time_and_no_other() {
        let root = std::env::temp_dir().join(format!("lakefront-times-{}", std::process::id()));
        let (first, second) = (root.join("first"), root.join("second"));
        for folder in [&first, &second] {
            fs::create_dir_all(folder.join("src")).unwrap();
            for file in ["src/same", "src/other", "src/edited"] {
                fs::write(folder.join(file), file).unwrap();
            }
        }
        let record = aligned(&first, &Record::default()).unwrap();
        fs::write(second.join("src/other"), "changed").unwrap();
        fs::write(second.join("src/new"), "new").unwrap();
        // A file that was edited and maybe built after the record, then edited back.
        let later = SystemTime::now() + Duration::from_secs(10);
        File::open(first.join("src/edited"))
            .unwrap()
            .set_modified(later)
            .unwrap();

        let built = nanoseconds(SystemTime::now());
        let next = aligned(&second, &record).unwrap();
        assert_eq!(modified(&second, "src/same"), modified(&first, "src/same"));
        for file in ["src/other", "src/new", "src/edited", "src"] {
            assert!(modified(&second, file) >= built, "{file}");
        }
        // The reverse direction: the first checkout has other content in two files and lacks one.
        let times = |record: &Record| {
            record
                .sources
                .values()
                .map(|source| source.modified)
                .collect::<Vec<_>>()
        };
        assert_eq!(times(&aligned(&second, &next).unwrap()), times(&next));
        let built = nanoseconds(SystemTime::now());
        aligned(&first, &next).unwrap();
        assert!(modified(&first, "src/other") >= built && modified(&first, "src") >= built);
        assert_eq!(modified(&first, "src/same"), modified(&second, "src/same"));
        fs::remove_dir_all(&root).unwrap();
    }
}
