//! The comparison of one day of the ledger with the same day of the lake: a pure function.

use std::collections::{BTreeMap, HashSet};

use super::{DataFile, Entries, Entry, FileState};

/// The reason to rebuild a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RebuildReason {
    /// The ledger has no row for the day.
    First,
    /// Many files are missing, so that rebuilding the day is less work than inserting them.
    Many,
    /// A loaded file left the lake, and no compaction explains it.
    Vanished,
    /// A file that may be loaded in part left the lake, or a replacement was interrupted.
    Unfinished,
    /// A file that had left the lake is back.
    Returned,
}

/// A compaction: files that replaced others with the same rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Files whose rows are already loaded as part of the removed files.
    pub added: Vec<DataFile>,
    /// Paths and ledger values of the files that left the lake.
    pub removed: Vec<(String, Entry)>,
}

/// The work that makes the ledger equal to the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Files to insert, and compactions to record. Both are empty if the ledger equals the lake.
    Files {
        /// Files to insert, oldest first.
        insert: Vec<DataFile>,
        /// The compaction, which changes the ledger only.
        compacted: Compaction,
    },
    /// The day has to be rebuilt from all its files.
    Build(RebuildReason),
}

/// Compares one table's day.
///
/// `gone` contains the sequence numbers of all loaded files of the table that are no longer in the lake, of any day.
/// The output of a compaction has the highest number of its inputs, which are gone from the lake. An output of loaded
/// rows only therefore has a number in `gone`. The outputs of a day then have as many rows as the files that left the
/// day. An output with a higher number, or with more rows, contains rows that were never loaded.
pub fn compare(files: &[DataFile], entries: &Entries, gone: &HashSet<i64>) -> Difference {
    let in_lake: BTreeMap<&str, &DataFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut removed = Vec::new();
    for (path, entry) in entries {
        match (entry.state, in_lake.contains_key(path.as_str())) {
            (FileState::Loaded, false) => removed.push((path.clone(), *entry)),
            (FileState::Loading, false) => return Difference::Build(RebuildReason::Unfinished),
            // The deduplication token of the file was used before, so that ClickHouse would skip the insert.
            (FileState::Gone, true) => return Difference::Build(RebuildReason::Returned),
            (FileState::Loaded | FileState::Loading, true) | (FileState::Gone, false) => {}
        }
    }
    let missing = files
        .iter()
        .filter(|file| !matches!(entries.get(&file.path), Some(entry) if entry.state == FileState::Loaded));
    let (mut insert, mut added) = (Vec::new(), Vec::new());
    if removed.is_empty() {
        insert.extend(missing.cloned());
    } else {
        let highest = entries.values().map(|entry| entry.sequence_number).max();
        for file in missing {
            let begun = entries.contains_key(&file.path);
            if !begun && gone.contains(&file.sequence_number) {
                added.push(file.clone());
            } else if begun || Some(file.sequence_number) > highest {
                insert.push(file.clone());
            } else {
                return Difference::Build(RebuildReason::Vanished);
            }
        }
        let rows_removed: u64 = removed.iter().map(|(_, entry)| entry.rows).sum();
        let rows_added: u64 = added.iter().map(|file| file.rows).sum();
        if rows_added != rows_removed {
            return Difference::Build(RebuildReason::Vanished);
        }
    }
    // Files are loaded in the order of their numbers. A compaction of files that are not loaded yet then has a number
    // that no loaded file has.
    insert.sort_by(|a, b| (a.sequence_number, &a.path).cmp(&(b.sequence_number, &b.path)));
    Difference::Files {
        insert,
        compacted: Compaction { added, removed },
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
