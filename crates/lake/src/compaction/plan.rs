//! Chooses the data files of one day that a compaction rewrites together: a pure function.
//!
//! A file of two thirds of the target size is **done**: no compaction touches it again. All others are **small**.
//!
//! While a day is open, its small files grow in steps. Once there are more than [`MOST_SMALL`], the smallest are
//! rewritten as one, until [`LEAST_SMALL`] are left. A rewrite takes the next larger file as long as that is no larger
//! than all before it together. A row is therefore rewritten a few times in its life, and not once a commit.
//!
//! A closed day to which nothing was added for [`QUIET`] ends as few files. All small files are rewritten as one,
//! except a file that is more than [`STEP`] times larger than all smaller ones together. Otherwise each late row would
//! have the whole day rewritten. A day of at most [`CHEAP_BYTES`] ends as one file whatever its rows: a rewrite costs little
//! there, and a query over many days opens each file of them.

use std::time::Duration;

/// Most small files of a day that wait for a rewrite, beside the fresh ones.
pub(crate) const MOST_SMALL: usize = 24;
/// Number of small files that a rewrite of an open day leaves.
pub(crate) const LEAST_SMALL: usize = 12;
/// Most files of a day that are left alone because they are fresh. A program that follows the lake closely then loads
/// them as they were committed.
pub(crate) const MOST_FRESH: usize = 8;
/// Age at which a file is no longer fresh.
pub(crate) const FRESH: Duration = Duration::from_secs(30);
/// Time without a new file after which a closed day is finished.
pub(crate) const QUIET: Duration = Duration::from_secs(3600);
/// Largest ratio of a small file of a closed day to the sum of the smaller ones with which it is rewritten.
const STEP: u64 = 8;
/// Size of small files of a closed day, in bytes, that is rewritten at once whatever their sizes.
pub(crate) const CHEAP_BYTES: u64 = 4 << 20;
/// Most files of one rewrite. Its bytes are bounded by [`cut`]. A rewrite is lost if its process ends, so that a process
/// that restarts every minute must be able to finish one.
const MOST_FILES: usize = 256;

/// A live data file of a day, reduced to the facts that the choice depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Small {
    /// Size in bytes.
    pub bytes: u64,
    /// Data sequence number, which orders the files by age.
    pub sequence_number: i64,
    /// Time since the commit of the file's newest rows.
    pub age: Duration,
}

/// The bounds of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Size of the files that a compaction aims at, in bytes.
    pub target_bytes: u64,
    /// True if the day is over.
    pub closed: bool,
}

impl Bounds {
    /// Returns the size from which a file is left as it is.
    pub(crate) fn done_bytes(&self) -> u64 {
        self.target_bytes / 3 * 2
    }
}

/// Returns the groups of files to rewrite, as indices into `files`. Each group has at least two files.
pub(crate) fn plan(files: &[Small], bounds: Bounds) -> Vec<Vec<usize>> {
    let mut by_age: Vec<usize> = (0..files.len()).collect();
    by_age.sort_by_key(|index| std::cmp::Reverse(files[*index].sequence_number));
    let is_small = |index: &usize| files[*index].bytes < bounds.done_bytes();
    let fresh = by_age.iter().take(MOST_FRESH);
    let fresh = fresh.take_while(|index| files[**index].age < FRESH).count();
    let mut small: Vec<usize> = by_age.drain(fresh..).filter(is_small).collect();
    small.sort_by_key(|index| files[*index].bytes);

    let is_quiet = fresh == 0 && small.iter().all(|index| files[*index].age >= QUIET);
    let runs = if bounds.closed && is_quiet {
        steps(files, &small)
    } else if small.len() > MOST_SMALL {
        vec![smallest(files, &small)]
    } else {
        Vec::new()
    };
    runs.into_iter()
        .flat_map(|run| cut(files, run, bounds.target_bytes))
        .filter(|group| group.len() > 1)
        .collect()
}

/// Returns the smallest files: so many that [`LEAST_SMALL`] are left, and further ones that are no larger than all
/// before them together.
fn smallest(files: &[Small], ascending: &[usize]) -> Vec<usize> {
    // The rewrite leaves one file.
    let needed = ascending.len() + 1 - LEAST_SMALL;
    let mut sum = 0;
    let mut taken = Vec::new();
    for index in ascending {
        if taken.len() >= needed && files[*index].bytes > sum {
            break;
        }
        sum += files[*index].bytes;
        taken.push(*index);
    }
    taken
}

/// Cuts the files where one is more than [`STEP`] times larger than all before it together, and makes them more than
/// [`CHEAP_BYTES`].
fn steps(files: &[Small], ascending: &[usize]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut sum = 0;
    for index in ascending {
        let bytes = files[*index].bytes;
        match runs.last_mut() {
            Some(run) if bytes <= sum * STEP || sum + bytes <= CHEAP_BYTES => run.push(*index),
            _ => runs.push(vec![*index]),
        }
        sum += bytes;
    }
    runs
}

/// Cuts a run, oldest rows first, into groups that one rewrite takes: at most [`MOST_FILES`], and fewer bytes than
/// two and a third of the target. Only the last one of few files may be below the target.
fn cut(files: &[Small], mut run: Vec<usize>, target_bytes: u64) -> Vec<Vec<usize>> {
    run.sort_by_key(|index| files[*index].sequence_number);
    let mut groups: Vec<(u64, Vec<usize>)> = Vec::new();
    for index in run {
        let bytes = files[index].bytes;
        match groups.last_mut() {
            Some((sum, group)) if *sum < target_bytes && group.len() < MOST_FILES => {
                *sum += bytes;
                group.push(index);
            }
            _ => groups.push((bytes, vec![index])),
        }
    }
    // A rest is written with the group before it, so that it does not stay a small file of its own.
    if let [.., (before, group), (rest, rest_files)] = groups.as_mut_slice()
        && *rest < target_bytes / 3 * 2
        && group.len() + rest_files.len() <= MOST_FILES
    {
        *before += *rest;
        group.append(rest_files);
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
