use super::*;

/// 2026-03-15, in days since 1970-01-01 UTC.
const TODAY: i32 = 20_527;

fn stats(files: usize, from: i32, to: i32) -> ManifestStats {
    ManifestStats { files, from, to }
}

#[test]
fn days_before_yesterday_are_closed() {
    assert!(!is_closed(TODAY + 1, TODAY));
    assert!(!is_closed(TODAY, TODAY));
    assert!(!is_closed(TODAY - 1, TODAY));
    assert!(is_closed(TODAY - 2, TODAY));
    assert!(is_closed(-1, TODAY));
}

/// The manifests of a table, each with the days of its files.
#[derive(Default)]
struct Table {
    manifests: Vec<Vec<i32>>,
    /// Number of entries that commits wrote again.
    rewritten: usize,
}

impl Table {
    fn stats(&self) -> Vec<ManifestStats> {
        let days = self.manifests.iter();
        days.map(|days| {
            stats(
                days.len(),
                *days.iter().min().unwrap(),
                *days.iter().max().unwrap(),
            )
        })
        .collect()
    }

    /// Does what a commit of one file does to the manifests.
    fn commit(&mut self, day: i32, today: i32) {
        let merged = plan(&self.stats(), 1, today);
        let mut files = vec![day];
        for index in merged.iter().rev() {
            files.extend(self.manifests.remove(*index));
        }
        self.rewritten += files.len() - 1;
        let (closed, open): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|day| !merged.is_empty() && is_closed(*day, today));
        let written = [closed, open].into_iter().filter(|days| !days.is_empty());
        self.manifests.extend(written);
    }

    fn files(&self) -> usize {
        self.manifests.iter().map(Vec::len).sum()
    }
}

/// Plays ten years of a lake that is compacted to two files a day, one of them of a day long past.
#[test]
fn a_lake_of_years_has_few_manifests() {
    let mut table = Table::default();
    let mut most = 0;
    for today in TODAY..TODAY + 3_650 {
        for late in [0, 40] {
            table.commit(today - late, today);
            most = most.max(table.manifests.len());
        }
    }
    assert_eq!(table.files(), 7_300);
    assert!(most <= 2 * MAX_OF_GROUP + 1, "{most} manifests");
    let each = table.rewritten / 7_300;
    assert!(each < 150, "a commit rewrites {each} entries");
}

/// Plays two days of 8,640 commits that nothing compacts.
#[test]
fn a_commit_rewrites_little_of_a_lake_that_nothing_compacts() {
    let mut table = Table::default();
    for commit in 0..2 * 8_640 {
        let day = TODAY + commit / 8_640;
        table.commit(day, day);
        assert!(table.manifests.len() <= MAX_OF_GROUP);
    }
    assert_eq!(table.files(), 17_280);
    let each = table.rewritten / 17_280;
    assert!(each < 200, "a commit rewrites {each} entries");
}

#[test]
fn a_full_manifest_is_left_alone() {
    let past = TODAY - 20;
    let full = stats(FULL, past, past + 1);
    let manifests = [
        full,
        stats(FULL - 1, past, past),
        stats(100, past, past),
        stats(3, past, past),
    ];
    assert_eq!(plan(&manifests, 1, TODAY), [2, 3]);
    assert_eq!(plan(&[full; 20], 1, TODAY), Vec::<usize>::new());
}

#[test]
fn few_manifests_are_left_alone() {
    let manifests = [
        stats(300, TODAY, TODAY),
        stats(900, TODAY - 9, TODAY - 2),
        stats(4, TODAY - 3, TODAY - 2),
    ];
    assert_eq!(plan(&manifests, 1, TODAY), Vec::<usize>::new());
    assert_eq!(plan(&[], 1, TODAY), Vec::<usize>::new());
}

#[test]
fn few_files_have_one_manifest() {
    let manifests = [
        stats(40, TODAY, TODAY),
        stats(180, TODAY - 180, TODAY - 2),
        stats(1, TODAY - 2, TODAY - 2),
    ];
    assert_eq!(plan(&manifests, 1, TODAY), [0, 1, 2]);
    assert_eq!(plan(&manifests[..2], 0, TODAY), Vec::<usize>::new());
    let open = [stats(ONE_MANIFEST - 1, TODAY, TODAY)];
    assert_eq!(plan(&open, 1, TODAY), [0]);
    assert_eq!(plan(&open, 2, TODAY), Vec::<usize>::new());
}

#[test]
fn the_smallest_are_merged_and_a_large_one_is_left() {
    let large = stats(1_000, TODAY, TODAY);
    assert_eq!(plan(&[large, stats(1, TODAY, TODAY)], 1, TODAY), [1]);
    assert_eq!(plan(&[large, stats(30, TODAY, TODAY)], 1, TODAY), [1]);
    assert_eq!(plan(&[large, stats(31, TODAY, TODAY)], 1, TODAY), [0, 1]);
    assert_eq!(
        plan(&[large, stats(1, TODAY, TODAY), stats(5, TODAY, TODAY)], 1, TODAY),
        [1, 2]
    );
}

#[test]
fn manifests_of_closed_days_are_merged_with_each_other_only() {
    let manifests = [
        stats(1_000, TODAY - 200, TODAY - 2),
        stats(60, TODAY - 2, TODAY - 1),
        stats(2, TODAY - 3, TODAY - 3),
        stats(3, TODAY - 2, TODAY - 2),
    ];
    assert_eq!(plan(&manifests, 0, TODAY), [2, 3]);
    assert_eq!(plan(&manifests, 1, TODAY), [1, 2, 3]);
}
