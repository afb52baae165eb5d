//! Retention drops whole days, only old ones, beside appends and compactions, and their files go at last.

use std::collections::BTreeSet;
use std::time::Duration;

use lakefront_lake::{CompactionSettings, Error, Lake, LakeConfig, Pace};
use tempfile::TempDir;

use crate::common::{DAY, MARCH_10, NEW_YEAR, data_files, lake, rows};

const TABLE: &str = "otel_logs";

/// Commits a file of ten rows on the `day`-th day after 2026-03-10.
async fn append(lake: &Lake, day: i64) {
    let time = |n: i64| MARCH_10 + day * DAY + n;
    let files = lake.write(TABLE, rows(TABLE, day * 10, 10, time)).await.unwrap();
    lake.append(TABLE, &files, None).await.unwrap();
}

/// Returns the days that the table has, counted from 2026-03-10.
async fn days(lake: &Lake) -> BTreeSet<i64> {
    let first = jiff::civil::date(2026, 3, 10);
    let files = lake.files(TABLE).await.unwrap();
    files
        .iter()
        .map(|file| i64::from((file.day() - first).get_days()))
        .collect()
}

#[tokio::test]
async fn days_before_the_kept_ones_are_dropped_in_one_commit() {
    let (_folder, lake) = lake().await;
    for day in 0..8 {
        append(&lake, day).await;
        append(&lake, day).await;
    }
    let due = lake.old_days(TABLE, 5).await.unwrap();
    assert_eq!(due.iter().map(|day| day.files).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(due.iter().map(|day| day.rows).sum::<u64>(), 40);
    assert_eq!(days(&lake).await.len(), 8, "a question changes nothing");
    assert_eq!(lake.drop_old_days(TABLE, 5).await.unwrap(), due);
    assert_eq!(days(&lake).await, (2..8).collect());
    assert!(lake.drop_old_days(TABLE, 5).await.unwrap().is_empty());
    // A late row of a dropped day goes again.
    append(&lake, 0).await;
    assert_eq!(lake.drop_old_days(TABLE, 5).await.unwrap().len(), 1);
    assert_eq!(days(&lake).await, (2..8).collect());
}

#[tokio::test]
async fn a_clock_that_is_decades_ahead_drops_nothing() {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig {
        now_ms: || NEW_YEAR / 1000,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.unwrap();
    for day in 0..4 {
        append(&lake, day).await;
    }
    // The same clock dates the rows of two days.
    let ahead = (NEW_YEAR - MARCH_10) / DAY;
    append(&lake, ahead).await;
    append(&lake, ahead - 1).await;
    assert!(lake.old_days(TABLE, 10).await.unwrap().is_empty());
    append(&lake, ahead - 2).await;
    assert_eq!(lake.old_days(TABLE, 10).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_and_compactions_go_on_beside_it() {
    let (folder, lake) = lake().await;
    for day in 0..8 {
        for _ in 0..5 {
            append(&lake, day).await;
        }
    }
    let other = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    let appends = tokio::spawn(async move {
        for _ in 0..20 {
            append(&other, 7).await;
        }
    });
    // A day is compacted once nothing was added to it for an hour.
    let later = LakeConfig {
        now_ms: || NEW_YEAR / 1000,
        ..LakeConfig::new(folder.path())
    };
    let later = Lake::open(later).await.unwrap();
    let settings = CompactionSettings::default();
    let groups = later.plan_compaction(TABLE, &settings).await.unwrap().groups;
    let old = groups.iter().find(|group| group.day.day() == 10).unwrap();
    lake.drop_old_days(TABLE, 5).await.unwrap();
    // The day of the plan is gone: its compaction must not bring it back.
    let pace = std::sync::Arc::new(Pace::new(100));
    let late = lake.compact(old, &settings, &pace).await;
    assert!(matches!(late, Err(Error::NotCurrent { .. })), "{late:?}");
    appends.await.unwrap();
    assert_eq!(days(&lake).await, (2..8).collect());
    let rows: u64 = data_files(&lake, TABLE)
        .await
        .iter()
        .map(|file| file.record_count())
        .sum();
    assert_eq!(rows, 6 * 5 * 10 + 20 * 10);
}

#[tokio::test]
async fn the_files_of_dropped_days_go_with_the_last_snapshot() {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig {
        keep_snapshots: 1,
        keep_hourly: Duration::ZERO,
        keep_replaced: Duration::ZERO,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.unwrap();
    for day in 0..8 {
        append(&lake, day).await;
    }
    let gone: Vec<_> = data_files(&lake, TABLE).await;
    lake.drop_old_days(TABLE, 5).await.unwrap();
    let kept: Vec<String> = data_files(&lake, TABLE)
        .await
        .iter()
        .map(|file| file.file_path().to_owned())
        .collect();
    // The tag of the state before ends with its first millisecond.
    while lake.expire(TABLE).await.unwrap().files == 0 {
        append(&lake, 7).await;
    }
    for file in gone {
        let path = file.file_path().strip_prefix("file://").unwrap();
        let is_kept = kept.iter().any(|kept| kept == file.file_path());
        assert_eq!(std::path::Path::new(path).exists(), is_kept, "{path}");
    }
}
