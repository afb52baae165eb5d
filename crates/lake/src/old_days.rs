//! Retention of rows: dropping whole days that are older than a table keeps, as metadata-only deletes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use iceberg::spec::Operation;
use jiff::civil::Date;

use crate::commit::{Change, commit};
use crate::current_files;
use crate::error::{Error, Result};
use crate::lake_file::{self, LakeFile};
use crate::table::OpenTable;
use crate::time::DAY_MS;

/// Number of days with rows that must confirm the clock. A wrong clock drops nothing before it has written that many.
const CONFIRMING_DAYS: usize = 3;

/// Number of times that a table is looked at again because a compaction replaced some of the files meanwhile.
const ATTEMPTS: usize = 5;

/// A day that a table no longer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldDay {
    /// The UTC day.
    pub day: Date,
    /// Number of data files.
    pub files: usize,
    /// Number of rows.
    pub rows: u64,
    /// Size of the files in bytes.
    pub bytes: u64,
}

/// Returns the days that are due; see [`Lake::old_days`](crate::Lake::old_days).
pub(crate) async fn find(table: &OpenTable, keep_days: u16) -> Result<Vec<OldDay>> {
    let files = old_files(table, keep_days).await?;
    Ok(by_day(&files))
}

/// Drops the days that are due; see [`Lake::drop_old_days`](crate::Lake::drop_old_days).
pub(crate) async fn drop_days(table: &OpenTable, keep_days: u16) -> Result<Vec<OldDay>> {
    let mut attempt = 1;
    loop {
        let files = old_files(table, keep_days).await?;
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let removed: HashMap<String, i32> = files
            .iter()
            .map(|file| {
                let day = lake_file::day(file.file.partition());
                (file.file.file_path().to_owned(), day)
            })
            .collect();
        let change = Change::replacing(Operation::Delete, &removed, &[]);
        match commit(table, change).await {
            Ok(_) => return Ok(by_day(&files)),
            Err(Error::NotCurrent { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Returns the files of the days that are due.
async fn old_files(table: &OpenTable, keep_days: u16) -> Result<Vec<LakeFile>> {
    let state = current_files::read(table).await?;
    let day = |file: &LakeFile| lake_file::day(file.file.partition());
    let days: BTreeSet<i32> = state.files.iter().map(day).collect();
    let now_ms = (table.config.now_ms)();
    let clock = i32::try_from(now_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
    let Some(first) = first_kept(&days, clock, keep_days) else {
        return Ok(Vec::new());
    };
    let mut files = state.files;
    files.retain(|file| day(file) < first);
    Ok(files)
}

/// Returns the first day that a table keeps, in days since 1970-01-01 UTC. Returns `None` if too few days have rows.
///
/// The clock alone may be years ahead, and so may the time of a sender. The current day is therefore the earlier of the
/// clock's and the one that the newest [`CONFIRMING_DAYS`] days with rows allow.
fn first_kept(days: &BTreeSet<i32>, clock: i32, keep_days: u16) -> Option<i32> {
    let until_now = days.range(..=clock);
    let confirming = until_now.rev().nth(CONFIRMING_DAYS - 1)?;
    let confirmed = confirming.saturating_add(CONFIRMING_DAYS as i32 - 1);
    Some(clock.min(confirmed).saturating_sub(i32::from(keep_days)))
}

/// Returns the sums of each day, oldest first.
fn by_day(files: &[LakeFile]) -> Vec<OldDay> {
    let mut days: BTreeMap<Date, OldDay> = BTreeMap::new();
    for file in files {
        let day = file.day();
        let sums = days.entry(day).or_insert(OldDay {
            day,
            files: 0,
            rows: 0,
            bytes: 0,
        });
        sums.files += 1;
        sums.rows += file.file.record_count();
        sums.bytes += file.file.file_size_in_bytes();
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_counts_once_three_days_confirm_it() {
        let steady: BTreeSet<i32> = (100..=200).collect();
        assert_eq!(first_kept(&steady, 200, 30), Some(170));
        // The clock is ten years ahead, and nothing is written yet.
        assert_eq!(first_kept(&steady, 3850, 30), Some(170));
        // It has written for two days.
        let mut ahead = steady.clone();
        ahead.extend([3849, 3850]);
        assert_eq!(first_kept(&ahead, 3850, 30), Some(172));
        // A third day of rows confirms it.
        ahead.insert(3848);
        assert_eq!(first_kept(&ahead, 3850, 30), Some(3820));
        // Senders ahead of the clock count for nothing.
        assert_eq!(first_kept(&ahead, 200, 30), Some(170));
        assert_eq!(first_kept(&BTreeSet::from([1, 2]), 200, 30), None);
    }
}
