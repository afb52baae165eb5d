//! What a day of the ledger lacks against the same day of the lake: a pure function.

use std::collections::{BTreeMap, HashSet};

use super::{DataFile, Entries, Entry, State};

/// Why a day has to be built anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The ledger knows nothing of the day.
    First,
    /// So many files are missing that building the day is less work.
    Many,
    /// The raw tables do not keep a day that old, but a view does.
    ViewsOnly,
    /// A loaded file left the lake, and no compaction explains it.
    Vanished,
    /// What may have been loaded in part left the lake, or a replacement was cut short.
    Unfinished,
    /// A file that had left the lake is back.
    Returned,
}

/// Files that took the place of others that hold the same rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Files whose rows are loaded by way of the others.
    pub added: Vec<DataFile>,
    /// Paths that left.
    pub removed: Vec<(String, Entry)>,
}

/// What has to happen for the ledger to say what the lake says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Files to insert, oldest first, and compactions to write down. Both may be empty: nothing has to happen.
    Files {
        /// Files to insert.
        insert: Vec<DataFile>,
        /// To be written down only.
        compacted: Compaction,
    },
    /// The day is built anew from all its files.
    Build(Reason),
}

/// Compares one table's day.
///
/// `gone` holds the sequence numbers of all loaded files of the table that are not in the lake any more, whatever their day.
/// A compaction's output carries the highest number of its inputs, and those are gone from the lake: so an output that holds
/// loaded rows only has a number of `gone`, and the outputs of a day have as many rows as the files that left the day. An
/// output with a higher number, or more rows, holds rows that were never loaded.
pub fn compare(files: &[DataFile], entries: &Entries, gone: &HashSet<i64>) -> Difference {
    let in_lake: BTreeMap<&str, &DataFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut removed = Vec::new();
    for (path, entry) in entries {
        match (entry.state, in_lake.contains_key(path.as_str())) {
            (State::Loaded, false) => removed.push((path.clone(), *entry)),
            (State::Loading, false) => return Difference::Build(Reason::Unfinished),
            // Its deduplication token was used before: the insert would be left out.
            (State::Gone, true) => return Difference::Build(Reason::Returned),
            (State::Loaded | State::Loading, true) | (State::Gone, false) => {}
        }
    }
    let missing = files
        .iter()
        .filter(|file| !matches!(entries.get(&file.path), Some(entry) if entry.state == State::Loaded));
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
                return Difference::Build(Reason::Vanished);
            }
        }
        let rows_removed: u64 = removed.iter().map(|(_, entry)| entry.rows).sum();
        let rows_added: u64 = added.iter().map(|file| file.rows).sum();
        if rows_added != rows_removed {
            return Difference::Build(Reason::Vanished);
        }
    }
    // A file of a higher number is never loaded before one of a lower: a compaction of what is not loaded yet then has a
    // number that no loaded file has.
    insert.sort_by(|a, b| (a.sequence_number, &a.path).cmp(&(b.sequence_number, &b.path)));
    Difference::Files {
        insert,
        compacted: Compaction { added, removed },
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
