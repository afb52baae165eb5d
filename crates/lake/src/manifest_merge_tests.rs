use super::*;

/// 2026-03-15, in days since 1970-01-01 UTC.
const TODAY: i32 = 20_527;

fn stats(files: usize, from: i32, to: i32) -> ManifestStats {
    ManifestStats { files, from, to }
}

#[test]
fn periods_are_the_last_days_this_month_and_years() {
    assert_eq!(period(TODAY, TODAY), Period::Open);
    assert_eq!(period(TODAY + 1, TODAY), Period::Open);
    assert_eq!(period(TODAY - 1, TODAY), Period::Day(TODAY - 1));
    assert_eq!(period(TODAY - 2, TODAY), Period::Day(TODAY - 2));
    assert_eq!(period(TODAY - 3, TODAY), Period::Month);
    assert_eq!(period(TODAY - 14, TODAY), Period::Month);
    assert_eq!(period(TODAY - 15, TODAY), Period::Year(2026));
    assert_eq!(period(-1, TODAY), Period::Year(1969));
    // On the first day of a month, the days before are of the month before.
    assert_eq!(period(TODAY - 15, TODAY - 14), Period::Day(TODAY - 15));
    assert_eq!(period(TODAY - 17, TODAY - 14), Period::Year(2026));
}

/// Does what a commit of one file of today does to manifests. Returns the number of files in the manifests that it rewrites.
fn commit(manifests: &mut Vec<ManifestStats>, today: i32) -> usize {
    let settled = settled(manifests, today);
    let mut rewritten = plan(manifests, 1, today);
    let of_each = |from: i32, to: i32, files: usize| {
        // The files of a manifest are spread over its days.
        let days = to - from + 1;
        (from..=to).map(move |day| {
            stats(
                if day == to {
                    files - files / days as usize * (days - 1) as usize
                } else {
                    files / days as usize
                },
                day,
                day,
            )
        })
    };
    let mut groups: BTreeMap<Period, Vec<ManifestStats>> = BTreeMap::new();
    for index in &rewritten {
        let manifest = manifests[*index];
        for part in of_each(manifest.from, manifest.to, manifest.files) {
            groups.entry(period(part.from, today)).or_default().push(part);
        }
    }
    groups
        .entry(Period::Open)
        .or_default()
        .push(stats(1, today, today));
    let sum = |parts: &[ManifestStats]| {
        let files = parts.iter().map(|part| part.files).sum();
        let from = parts.iter().map(|part| part.from).min().unwrap();
        stats(files, from, parts.iter().map(|part| part.to).max().unwrap())
    };
    let mut loose = groups.remove(&Period::Open).unwrap();
    let mut written = Vec::new();
    for (period, mut parts) in groups {
        match settled.get(&period) {
            Some(main) if !rewritten.contains(main) => {
                if joins(sum(&parts).files, manifests[*main].files) {
                    parts.push(manifests[*main]);
                    rewritten.push(*main);
                    written.push(sum(&parts));
                } else {
                    loose.append(&mut parts);
                }
            }
            _ => written.push(sum(&parts)),
        }
    }
    written.push(sum(&loose));
    let files = rewritten.iter().map(|index| manifests[*index].files).sum();
    let mut index = 0;
    manifests.retain(|_| {
        index += 1;
        !rewritten.contains(&(index - 1))
    });
    manifests.extend(written.into_iter().filter(|manifest| manifest.files > 0));
    files
}

/// Plays three years of a lake that is compacted to two files a day.
#[test]
fn a_lake_of_years_has_few_manifests() {
    let mut manifests: Vec<ManifestStats> = Vec::new();
    let (mut most, mut rewritten) = (0, 0);
    for today in TODAY..TODAY + 3 * 365 {
        for _ in 0..2 {
            rewritten += commit(&mut manifests, today);
            most = most.max(manifests.len());
        }
    }
    let files: usize = manifests.iter().map(|manifest| manifest.files).sum();
    assert_eq!(files, 2 * 3 * 365);
    assert!(most <= MAX_LOOSE + 3 + 4, "{most} manifests");
    assert!(
        rewritten < files * 16,
        "each file is rewritten {} times",
        rewritten / files
    );
}

#[test]
fn a_full_manifest_is_left_alone() {
    let last_month = TODAY - 20;
    let full = stats(FULL, last_month, last_month + 1);
    let manifests = [
        full,
        stats(FULL - 1, last_month, last_month),
        stats(FULL / 2, last_month, last_month),
    ];
    assert_eq!(
        plan(&manifests, 1, TODAY),
        [2],
        "it joins the one that is not full"
    );
    assert_eq!(settled(&manifests, TODAY).into_values().collect::<Vec<_>>(), [1]);
    assert_eq!(plan(&[full; 20], 1, TODAY), Vec::<usize>::new());
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
