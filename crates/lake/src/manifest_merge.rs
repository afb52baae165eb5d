//! Chooses the manifests that a commit rewrites, so that a reader opens about a dozen after any number of commits.
//!
//! There are two kinds of manifests. The largest one that holds only files of one closed period is **settled**, and so is each
//! one that is full. All others are **loose**. Periods are short near today, where files are replaced, and long before: the last
//! two days, the month before them, and years. Planning a query takes chDB about 3 ms a manifest, so that a lake of
//! years must not have one for each month.
//!
//! A commit adds one loose manifest. When there are more than [`MAX_LOOSE`], the smallest are merged into one, in
//! tiers: a merge takes the next manifest as long as that is no larger than the merge so far. So a file is rewritten a
//! few times in its life instead of once a commit.
//!
//! The result of a merge is split by period. Each part moves to the settled manifest of its period once that is worth a
//! rewrite.

use std::collections::BTreeMap;

use crate::lake_file::date;

/// Most loose manifests after a commit.
pub(crate) const MAX_LOOSE: usize = 8;
/// A settled manifest is rewritten when the joining files are at least its number of files divided by
/// `SETTLE_FRACTION`.
const SETTLE_FRACTION: usize = 4;
/// A settled manifest of so many files is full: it is never rewritten for more. It bounds the time of a commit and its memory
/// where nothing compacts the lake, which then has 8,640 files a day.
const FULL: usize = 20_000;
/// Number of days before today that are periods of their own.
const RECENT_DAYS: i32 = 2;

/// The time that a settled manifest covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Period {
    /// The months of a year before the current month.
    Year(i16),
    /// The days of the current month before the last ones.
    Month,
    /// One of the last days before today, as days since 1970-01-01 UTC.
    Day(i32),
    /// Today and the future. This period is not closed.
    Open,
}

/// Returns the period of a partition. Both arguments are days since 1970-01-01 UTC.
pub(crate) fn period(day: i32, today: i32) -> Period {
    if day >= today {
        return Period::Open;
    }
    if day >= today - RECENT_DAYS {
        return Period::Day(day);
    }
    let (date, today) = (date(day), date(today));
    if (date.year(), date.month()) == (today.year(), today.month()) {
        Period::Month
    } else {
        Period::Year(date.year())
    }
}

/// The facts about a manifest that the manifest list holds, so that the manifest need not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ManifestStats {
    /// Number of live files.
    pub files: usize,
    /// First partition, in days since 1970-01-01 UTC.
    pub from: i32,
    /// Last partition, in days since 1970-01-01 UTC.
    pub to: i32,
}

impl ManifestStats {
    /// Returns the closed period that contains all its files, if there is one.
    fn closed_period(&self, today: i32) -> Option<Period> {
        let from = period(self.from, today);
        (from != Period::Open && from == period(self.to, today)).then_some(from)
    }

    /// Returns true if it holds only files of one closed period and takes no more.
    fn is_full(&self, today: i32) -> bool {
        self.files >= FULL && self.closed_period(today).is_some()
    }
}

/// Returns the index of the settled manifest of each closed period that is not full, if there is one.
pub(crate) fn settled(manifests: &[ManifestStats], today: i32) -> BTreeMap<Period, usize> {
    let mut largest: BTreeMap<Period, usize> = BTreeMap::new();
    for (index, stats) in manifests.iter().enumerate() {
        if stats.is_full(today) {
            continue;
        }
        if let Some(period) = stats.closed_period(today) {
            let best = largest.entry(period).or_insert(index);
            if manifests[*best].files < stats.files {
                *best = index;
            }
        }
    }
    largest
}

/// Returns the indices of the manifests that a commit merges, if it adds `added` files.
pub(crate) fn plan(manifests: &[ManifestStats], added: usize, today: i32) -> Vec<usize> {
    let settled = settled(manifests, today);
    let mut loose: Vec<usize> = (0..manifests.len())
        .filter(|index| !settled.values().any(|kept| kept == index) && !manifests[*index].is_full(today))
        .collect();
    loose.sort_by_key(|index| manifests[*index].files);

    let mut merged = Vec::new();
    let new = usize::from(added > 0);
    if loose.len() + new > MAX_LOOSE {
        // Merging n manifests with the new one leaves one.
        let surplus = loose.len() + 1 - MAX_LOOSE;
        let mut files = added;
        for (taken, index) in loose.iter().enumerate() {
            if taken >= surplus && manifests[*index].files > files {
                break;
            }
            files += manifests[*index].files;
            merged.push(*index);
        }
    }

    // A period that has just closed leaves several manifests of its own. They are merged once.
    let mut closed: BTreeMap<Period, Vec<usize>> = BTreeMap::new();
    for index in loose {
        if let Some(period) = manifests[index].closed_period(today) {
            closed.entry(period).or_default().push(index);
        }
    }
    for (period, group) in closed {
        let files = group.iter().map(|index| manifests[*index].files).sum();
        if joins(files, manifests[settled[&period]].files) {
            merged.extend(group);
        }
    }
    merged.sort_unstable();
    merged.dedup();
    merged
}

/// Returns true if `files` more files are worth rewriting a settled manifest of `settled` files.
pub(crate) fn joins(files: usize, settled: usize) -> bool {
    files * SETTLE_FRACTION >= settled
}

#[cfg(test)]
#[path = "manifest_merge_tests.rs"]
mod tests;
