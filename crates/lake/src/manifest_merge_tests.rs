use super::*;

/// 2026-03-15, in days since 1970-01-01 UTC.
const TODAY: i32 = 20_527;

fn stats(files: usize, from: i32, to: i32) -> ManifestStats {
    ManifestStats { files, from, to }
}

#[test]
fn periods_are_days_of_this_month_and_months_before() {
    assert_eq!(period(TODAY, TODAY), Period::Open);
    assert_eq!(period(TODAY + 1, TODAY), Period::Open);
    assert_eq!(period(TODAY - 1, TODAY), Period::Day(TODAY - 1));
    assert_eq!(period(TODAY - 14, TODAY), Period::Day(TODAY - 14));
    assert_eq!(period(TODAY - 15, TODAY), Period::Month(2026 * 12 + 2));
    assert_eq!(period(-1, TODAY), Period::Month(1969 * 12 + 12));
}

#[test]
fn few_manifests_are_left_alone() {
    let manifests = vec![stats(1, TODAY, TODAY); MAX_LOOSE - 1];
    assert_eq!(plan(&manifests, 1, TODAY), Vec::<usize>::new());
}

#[test]
fn the_smallest_are_merged_and_large_ones_left() {
    let mut manifests = vec![stats(1, TODAY, TODAY); MAX_LOOSE - 1];
    manifests.insert(0, stats(1_000, TODAY, TODAY));
    assert_eq!(plan(&manifests, 1, TODAY), (1..MAX_LOOSE).collect::<Vec<_>>());
}

#[test]
fn a_day_that_closed_is_merged_into_one() {
    let yesterday = TODAY - 1;
    let manifests = [
        stats(100, yesterday, yesterday),
        stats(60, yesterday, yesterday),
        stats(2, TODAY, TODAY),
    ];
    assert_eq!(plan(&manifests, 1, TODAY), [1]);
}

#[test]
fn a_few_late_files_do_not_rewrite_a_large_day() {
    let yesterday = TODAY - 1;
    let manifests = [stats(100, yesterday, yesterday), stats(1, yesterday, yesterday)];
    assert_eq!(plan(&manifests, 1, TODAY), Vec::<usize>::new());
}

#[test]
fn days_of_a_month_that_closed_become_one_manifest() {
    let manifests: Vec<ManifestStats> = (1..=28)
        .map(|day| stats(24, TODAY - 14 - day, TODAY - 14 - day))
        .collect();
    assert_eq!(plan(&manifests, 1, TODAY).len(), 27);
}

/// Plays 5,000 commits of one file each, and counts the rewrites of each file.
#[test]
fn rewriting_is_amortised() {
    let mut manifests: Vec<ManifestStats> = Vec::new();
    let mut rewritten = 0;
    for _ in 0..5_000 {
        let merged = plan(&manifests, 1, TODAY);
        let files: usize = merged.iter().map(|index| manifests[*index].files).sum();
        rewritten += files;
        for index in merged.iter().rev() {
            manifests.remove(*index);
        }
        manifests.push(stats(files + 1, TODAY, TODAY));
        assert!(manifests.len() <= MAX_LOOSE);
    }
    assert_eq!(manifests.iter().map(|stats| stats.files).sum::<usize>(), 5_000);
    assert!(
        rewritten < 5_000 * 16,
        "each file is rewritten {} times",
        rewritten / 5_000
    );
}
