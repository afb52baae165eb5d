//! Which manifests a commit rewrites, so that a reader opens about a dozen however often was committed.
//!
//! There are two kinds. The largest manifest that holds nothing but files of one closed period (a day of this month,
//! a month before) is **settled**; all others are **loose**. A commit adds one loose manifest; when there are more than
//! [`MAX_LOOSE`], the smallest are folded together, in tiers: a fold takes on as long as the next one is no larger than what
//! it has so far. So a file is rewritten a few times in its life, not once a commit. What was folded is
//! split by period, and moves to the settled manifest of its period once it is worth rewriting that one.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// How many loose manifests there may be after a commit.
pub(crate) const MAX_LOOSE: usize = 8;
/// A settled manifest is rewritten when what joins it is at least this fraction of it.
const SETTLE_FRACTION: usize = 4;

/// What of a table's time one settled manifest covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Period {
    /// A month before this one, as months since year 0.
    Month(i32),
    /// A day of this month before today, as days since 1970.
    Day(i32),
    /// Today, and what is dated in the future.
    Open,
}

/// The period of a partition. Both are days since 1970 UTC.
pub(crate) fn period(day: i32, today: i32) -> Period {
    if day >= today {
        return Period::Open;
    }
    let (month, this_month) = (month(day), month(today));
    if month < this_month {
        Period::Month(month)
    } else {
        Period::Day(day)
    }
}

fn month(day: i32) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    let date = epoch.saturating_add(jiff::Span::new().days(i64::from(day)));
    i32::from(date.year()) * 12 + i32::from(date.month())
}

/// What is known of a manifest without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Live files.
    pub files: usize,
    /// First partition, days since 1970.
    pub from: i32,
    /// Last partition.
    pub to: i32,
}

impl Held {
    /// The closed period that all its files are in, if that is so.
    fn closed_period(&self, today: i32) -> Option<Period> {
        let from = period(self.from, today);
        (from != Period::Open && from == period(self.to, today)).then_some(from)
    }
}

/// The settled manifest of each closed period, by index.
pub(crate) fn settled(manifests: &[Held], today: i32) -> BTreeMap<Period, usize> {
    let mut largest: BTreeMap<Period, usize> = BTreeMap::new();
    for (index, held) in manifests.iter().enumerate() {
        if let Some(period) = held.closed_period(today) {
            let best = largest.entry(period).or_insert(index);
            if manifests[*best].files < held.files {
                *best = index;
            }
        }
    }
    largest
}

/// The manifests that a commit which adds `added` files folds together, by index.
pub(crate) fn plan(manifests: &[Held], added: usize, today: i32) -> Vec<usize> {
    let settled = settled(manifests, today);
    let mut loose: Vec<usize> = (0..manifests.len())
        .filter(|index| !settled.values().any(|kept| kept == index))
        .collect();
    loose.sort_by_key(|index| manifests[*index].files);

    let mut folded = Vec::new();
    let new = usize::from(added > 0);
    if loose.len() + new > MAX_LOOSE {
        // Folding n manifests with the new one leaves one.
        let surplus = loose.len() + 1 - MAX_LOOSE;
        let mut files = added;
        for (taken, index) in loose.iter().enumerate() {
            if taken >= surplus && manifests[*index].files > files {
                break;
            }
            files += manifests[*index].files;
            folded.push(*index);
        }
    }

    // A day or month that has just closed leaves several manifests of its own: they go together once.
    let mut closed: BTreeMap<Period, Vec<usize>> = BTreeMap::new();
    for index in loose {
        if let Some(period) = manifests[index].closed_period(today) {
            closed.entry(period).or_default().push(index);
        }
    }
    for (period, group) in closed {
        let files = group.iter().map(|index| manifests[*index].files).sum();
        if joins(files, manifests[settled[&period]].files) {
            folded.extend(group);
        }
    }
    folded.sort_unstable();
    folded.dedup();
    folded
}

/// Whether so many files are worth rewriting a settled manifest of that many.
pub(crate) fn joins(files: usize, settled: usize) -> bool {
    files * SETTLE_FRACTION >= settled
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
