use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn file(path: &str, rows: u64, sequence_number: i64) -> DataFile {
    DataFile {
        table: "otel_logs",
        path: path.into(),
        path_in_table: path.into(),
        day: date(2026, 3, 1),
        rows,
        sequence_number,
    }
}

fn entry(rows: u64, sequence_number: i64, state: FileState) -> Entry {
    Entry {
        rows,
        sequence_number,
        state,
    }
}

/// Compares files given as `(path, rows, number)` with a ledger given as `(path, rows, number, state)`.
fn difference(files: &[(&str, u64, i64)], ledger: &[(&str, u64, i64, FileState)]) -> Difference {
    let files: Vec<DataFile> = files
        .iter()
        .map(|(path, rows, number)| file(path, *rows, *number))
        .collect();
    let entries: Entries = ledger
        .iter()
        .map(|(path, rows, number, state)| ((*path).to_owned(), entry(*rows, *number, *state)))
        .collect();
    compare(&files, &entries, &gone(&files, &entries))
}

fn gone(files: &[DataFile], entries: &Entries) -> HashSet<i64> {
    let left = |path: &String| !files.iter().any(|file| file.path == *path);
    entries
        .iter()
        .filter(|(path, entry)| entry.state == FileState::Loaded && left(path))
        .map(|(_, entry)| entry.sequence_number)
        .collect()
}

/// Returns the paths that are inserted, those that are only recorded, and those that left.
fn paths(difference: &Difference) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let Difference::Files { insert, compacted } = difference else {
        panic!("expected files, got {difference:?}");
    };
    (
        insert.iter().map(|file| file.path.as_str()).collect(),
        compacted.added.iter().map(|file| file.path.as_str()).collect(),
        compacted.removed.iter().map(|(path, _)| path.as_str()).collect(),
    )
}

use FileState::{Gone, Loaded, Loading};

/// The rewritten file of an erasure has a new number, so that a file of the erased number of rows is not taken for the
/// rest of a compaction.
#[test]
fn an_erasure_is_no_compaction() {
    let ledger = [("old", 10, 5, Loaded)];
    let found = difference(&[("erased", 9, 9), ("unloaded", 1, 5)], &ledger);
    assert_eq!(found, Difference::Build(RebuildReason::Vanished));
    let found = difference(&[("unloaded", 1, 5)], &ledger);
    assert_eq!(found, Difference::Build(RebuildReason::Vanished));
}

#[test]
fn new_files_are_inserted_oldest_first() {
    let found = difference(&[("c", 1, 3), ("a", 1, 1), ("b", 1, 2)], &[("a", 1, 1, Loaded)]);
    assert_eq!(paths(&found), (vec!["b", "c"], vec![], vec![]));
}

#[test]
fn a_file_whose_insert_was_cut_short_is_inserted_again() {
    let found = difference(&[("a", 1, 1)], &[("a", 1, 1, Loading)]);
    assert_eq!(paths(&found), (vec!["a"], vec![], vec![]));
}

#[test]
fn a_compaction_of_loaded_files_is_written_down_only() {
    let found = difference(
        &[("c", 5, 2), ("d", 1, 3)],
        &[("a", 2, 1, Loaded), ("b", 3, 2, Loaded)],
    );
    assert_eq!(paths(&found), (vec!["d"], vec!["c"], vec!["a", "b"]));
}

#[test]
fn a_compaction_that_took_in_an_unloaded_file_means_build() {
    for unloaded in [1, 3] {
        let found = difference(
            &[("c", 5, 2.max(unloaded))],
            &[("a", 2, 2, Loaded), ("z", 0, 9, Gone)],
        );
        assert_eq!(
            found,
            Difference::Build(RebuildReason::Vanished),
            "number {unloaded}"
        );
    }
}

#[test]
fn an_overwrite_means_build_even_with_as_many_rows() {
    let found = difference(&[("b", 2, 7)], &[("a", 2, 1, Loaded)]);
    assert_eq!(found, Difference::Build(RebuildReason::Vanished));
    // Later files of the same day are already loaded.
    let found = difference(
        &[("b", 2, 7), ("later", 1, 8)],
        &[("a", 2, 1, Loaded), ("later", 1, 8, Loaded)],
    );
    assert_eq!(found, Difference::Build(RebuildReason::Vanished));
}

#[test]
fn a_day_that_was_emptied_is_built() {
    assert_eq!(
        difference(&[], &[("a", 2, 1, Loaded)]),
        Difference::Build(RebuildReason::Vanished)
    );
}

#[test]
fn what_may_be_half_loaded_and_left_means_build() {
    assert_eq!(
        difference(&[("b", 2, 1)], &[("a", 2, 1, Loading)]),
        Difference::Build(RebuildReason::Unfinished)
    );
}

#[test]
fn a_replacement_that_was_cut_short_means_build() {
    let ledger = [("a", 2, 1, Loaded), (crate::ledger::REPLACING, 0, 0, Loading)];
    assert_eq!(
        difference(&[("a", 2, 1)], &ledger),
        Difference::Build(RebuildReason::Unfinished)
    );
}

#[test]
fn a_file_that_is_back_means_build() {
    assert_eq!(
        difference(&[("a", 2, 1)], &[("a", 2, 1, Gone)]),
        Difference::Build(RebuildReason::Returned)
    );
}

#[test]
fn a_day_in_step_needs_nothing() {
    let found = difference(&[("a", 2, 1)], &[("a", 2, 1, Loaded), ("old", 2, 1, Gone)]);
    assert_eq!(paths(&found), (vec![], vec![], vec![]));
}

/// A change that another writer makes to a day of the lake, or a run of sync.
#[derive(Clone, Debug)]
enum Change {
    Append(u8),
    /// Compacts the files whose bit is set.
    Compact(u32),
    /// Replaces the files whose bit is set by others with as many new rows.
    Overwrite(u32),
    /// Takes out the files whose bit is set.
    Delete(u32),
    /// Runs sync, which is killed after so many of its writes.
    Sync(u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (1..4u8).prop_map(Change::Append),
        2 => any::<u32>().prop_map(Change::Compact),
        1 => any::<u32>().prop_map(Change::Overwrite),
        1 => any::<u32>().prop_map(Change::Delete),
        4 => (0..8u8).prop_map(Change::Sync),
    ]
}

/// A lake of one day whose rows are numbers, and a table that sync fills from it.
#[derive(Default)]
struct World {
    next: u64,
    number: i64,
    files: Vec<(DataFile, Vec<u64>)>,
    entries: Entries,
    /// The rows of the table. `tokens` are the deduplication tokens that the table has seen.
    table: Vec<u64>,
    tokens: HashSet<String>,
}

impl World {
    fn add(&mut self, rows: Vec<u64>, sequence_number: i64) {
        self.next += 1;
        let file = file(&format!("{}", self.next), rows.len() as u64, sequence_number);
        self.files.push((file, rows));
    }

    fn new_rows(&mut self, count: usize) -> Vec<u64> {
        (0..count)
            .map(|_| {
                self.next += 1;
                self.next
            })
            .collect()
    }

    fn take(&mut self, bits: u32) -> Vec<(DataFile, Vec<u64>)> {
        let mut index = 0;
        self.files
            .extract_if(.., |_| {
                index += 1;
                bits >> (index % 32) & 1 == 1
            })
            .collect()
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Append(rows) => {
                self.number += 1;
                let rows = self.new_rows(usize::from(*rows));
                self.add(rows, self.number);
            }
            Change::Compact(bits) => {
                let taken = self.take(*bits);
                let Some(highest) = taken.iter().map(|(file, _)| file.sequence_number).max() else {
                    return;
                };
                self.number += 1;
                self.add(taken.into_iter().flat_map(|(_, rows)| rows).collect(), highest);
            }
            Change::Overwrite(bits) => {
                let rows = self.take(*bits).iter().map(|(_, rows)| rows.len()).sum();
                self.number += 1;
                let rows = self.new_rows(rows);
                self.add(rows, self.number);
            }
            Change::Delete(bits) => {
                self.take(*bits);
                self.number += 1;
            }
            Change::Sync(writes) => self.sync(usize::from(*writes)),
        }
    }

    fn note(&mut self, file: &DataFile, state: FileState) {
        self.entries
            .insert(file.path.clone(), entry(file.rows, file.sequence_number, state));
    }

    /// Runs sync until the table equals the lake, or until it is killed after `writes` writes.
    fn sync(&mut self, mut writes: usize) {
        let mut alive = move || {
            let alive = writes > 0;
            writes = writes.saturating_sub(1);
            alive
        };
        let files: Vec<DataFile> = self.files.iter().map(|(file, _)| file.clone()).collect();
        match compare(&files, &self.entries, &gone(&files, &self.entries)) {
            Difference::Files { insert, compacted } => {
                if !alive() {
                    return;
                }
                for (path, entry) in compacted.removed {
                    self.entries.insert(path, Entry { state: Gone, ..entry });
                }
                for file in &compacted.added {
                    self.note(file, Loaded);
                }
                for file in &insert {
                    self.note(file, Loading);
                }
                for file in &insert {
                    if !alive() {
                        return;
                    }
                    if self.tokens.insert(file.path.clone()) {
                        let rows = self.files.iter().find(|(other, _)| other == file);
                        self.table.extend(rows.into_iter().flat_map(|(_, rows)| rows));
                    }
                    if !alive() {
                        return;
                    }
                    self.note(file, Loaded);
                }
            }
            Difference::Build(_) => {
                if !alive() {
                    return;
                }
                self.entries
                    .insert(crate::ledger::REPLACING.into(), entry(0, 0, Loading));
                if !alive() {
                    return;
                }
                self.table = self.files.iter().flat_map(|(_, rows)| rows.clone()).collect();
                if !alive() {
                    return;
                }
                for known in self.entries.values_mut() {
                    known.state = Gone;
                }
                for file in &files {
                    self.note(file, Loaded);
                }
            }
        }
    }
}

proptest! {
    /// Checks that after a complete run of sync the table equals the lake, for all changes to the lake and kills of
    /// sync.
    #[test]
    fn the_table_becomes_the_lake(changes in prop::collection::vec(change(), 0..40)) {
        let mut world = World::default();
        for change in &changes {
            world.apply(change);
        }
        world.sync(usize::MAX);
        let mut expected: Vec<u64> = world.files.iter().flat_map(|(_, rows)| rows.clone()).collect();
        expected.sort_unstable();
        world.table.sort_unstable();
        prop_assert_eq!(&world.table, &expected);
        let files: Vec<DataFile> = world.files.iter().map(|(file, _)| file.clone()).collect();
        let left = compare(&files, &world.entries, &gone(&files, &world.entries));
        let nothing = Difference::Files { insert: vec![], compacted: Compaction::default() };
        prop_assert_eq!(left, nothing);
    }
}
