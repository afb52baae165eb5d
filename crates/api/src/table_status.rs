//! The data files, manifests and snapshots of a table of the lake, with advice.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The status of one table of the lake. All numbers are those of one snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableStatus {
    /// The name of the table.
    pub table: String,
    /// When the numbers were taken.
    pub taken: Timestamp,
    /// The number of rows.
    pub rows: u64,
    /// The size of the data files, in bytes.
    pub bytes: u64,
    /// The bytes of the data files for each row. `None` without rows.
    pub bytes_a_row: Option<f64>,
    /// The number of UTC days with rows.
    pub days: u64,
    /// The first UTC day with rows.
    pub first_day: Option<Date>,
    /// The last UTC day with rows.
    pub last_day: Option<Date>,
    /// The number of data files.
    pub files: u64,
    /// The data files by their size.
    pub files_by_size: FilesBySize,
    /// The number of files of the day that has most.
    pub most_files_a_day: u64,
    /// The number of files that compaction has not brought to their final size.
    pub small_files: u64,
    /// The number of small files that are due for a rewrite now.
    pub files_to_rewrite: u64,
    /// The number of manifests that a query opens.
    pub manifests: u64,
    /// The number of snapshots that are kept.
    pub snapshots: u64,
    /// The number of files without a commit that the last search found. `None` if nothing has searched for them.
    pub orphan_files: Option<u64>,
    /// When the last compaction among the kept snapshots was committed.
    pub last_compaction: Option<Timestamp>,
    /// What is wrong, and what to do about it: a sentence or two for each cause.
    pub advice: Vec<String>,
}

/// Numbers of data files by size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesBySize {
    /// Files below 1 MiB.
    pub below_1_mib: u64,
    /// Files of at least 1 MiB, below 16 MiB.
    pub below_16_mib: u64,
    /// Files of at least 16 MiB, below 128 MiB.
    pub below_128_mib: u64,
    /// Files of at least 128 MiB.
    pub larger: u64,
}

impl FilesBySize {
    /// Counts a file of that many bytes.
    pub fn add(&mut self, bytes: u64) {
        let class = match bytes >> 20 {
            0 => &mut self.below_1_mib,
            1..16 => &mut self.below_16_mib,
            16..128 => &mut self.below_128_mib,
            _ => &mut self.larger,
        };
        *class += 1;
    }

    /// Returns the classes that have files, the smallest files first: the number of files, and the words that follow it.
    pub fn named(&self) -> impl Iterator<Item = (u64, &'static str)> {
        [
            (self.below_1_mib, "below 1 MiB"),
            (self.below_16_mib, "of 1 to 16 MiB"),
            (self.below_128_mib, "of 16 to 128 MiB"),
            (self.larger, "of 128 MiB and more"),
        ]
        .into_iter()
        .filter(|(files, _)| *files > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_full_size_is_in_the_larger_class() {
        let mut sizes = FilesBySize::default();
        for bytes in [
            0,
            (1 << 20) - 1,
            1 << 20,
            (16 << 20) - 1,
            16 << 20,
            128 << 20,
            u64::MAX,
        ] {
            sizes.add(bytes);
        }
        let named: Vec<_> = sizes.named().collect();
        assert_eq!(
            named,
            [
                (2, "below 1 MiB"),
                (2, "of 1 to 16 MiB"),
                (1, "of 16 to 128 MiB"),
                (2, "of 128 MiB and more")
            ]
        );
        assert_eq!(FilesBySize::default().named().count(), 0);
    }
}
