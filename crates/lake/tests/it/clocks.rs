//! A writer whose clock was ahead, and has been set right: what it wrote holds up nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lakefront_lake::{CompactionSettings, Condition, Lake, LakeConfig, Pace};
use lakefront_tests::S3Lake;
use tempfile::TempDir;

use crate::common::{MARCH_10, NEW_YEAR, data_files, rows};
use crate::schema_evolution::{TABLE, append, batch, column, older, older_batch};

const HOUR_MS: i64 = 3_600_000;

fn in_2100() -> i64 {
    NEW_YEAR / 1000
}

/// Fills a lake by a clock of 2100, and goes on with it by `now_ms`, to which the test adds by `clock`.
async fn goes_on(config: LakeConfig, clock: &AtomicI64, now_ms: fn() -> i64) {
    let ahead = LakeConfig {
        tables: older(),
        now_ms: in_2100,
        ..config.clone()
    };
    let ahead = Lake::open(ahead).await.unwrap();
    for number in 0..2 {
        append(&ahead, older_batch(number)).await;
    }
    let lake = Lake::open(LakeConfig {
        now_ms,
        keep_snapshots: 1,
        ..config.clone()
    });
    let lake = lake.await.unwrap();

    lake.add_missing_columns(TABLE).await.unwrap();
    assert!(column(&lake, "IsBot").await.is_some());
    let empty = "otel_traces";
    lake.add_missing_columns(empty).await.unwrap();
    lake.expire(empty).await.unwrap();
    let writer = lake.new_writer().await.unwrap();
    assert_eq!(lake.new_writer().await.unwrap(), writer + 1);
    for number in 2..30 {
        append(&lake, batch(number)).await;
    }
    let appended = data_files(&lake, TABLE).await.len();
    let settings = CompactionSettings::default();
    let due = lake.plan_compaction(TABLE, &settings).await.unwrap().groups;
    let replaced: BTreeSet<String> = due
        .iter()
        .flat_map(|group| &group.files)
        .map(|file| file.file.file_path().to_owned())
        .collect();
    assert!(replaced.len() > 20, "{} of {appended} files", replaced.len());
    let pace = Arc::new(Pace::new(100));
    for group in &due {
        lake.compact(group, &settings, &pace).await.unwrap();
    }

    // The files that a compaction replaced stay for an hour by this clock, and not until 2100.
    let on_store = async || {
        let state = lake.state(TABLE).await.unwrap();
        let mut found = 0;
        for path in &replaced {
            let (_, below) = path.split_once(&format!("{TABLE}/")).unwrap();
            found += usize::from(lake.open_file(TABLE, below).await.is_ok());
        }
        (found, state.snapshots())
    };
    clock.fetch_add(HOUR_MS / 2, Ordering::Relaxed);
    lake.expire(TABLE).await.unwrap();
    assert_eq!(on_store().await.0, replaced.len());
    clock.fetch_add(HOUR_MS, Ordering::Relaxed);
    lake.expire(TABLE).await.unwrap();
    let (found, snapshots) = on_store().await;
    assert_eq!(found, 0, "{snapshots} snapshots");
    assert!(snapshots <= 5, "{snapshots} snapshots");

    let user: Condition = "UserId = '<3>'".parse().unwrap();
    lake.erase(TABLE, &user, &pace, |_| ()).await.unwrap();
    let proof = lake.erase_history(TABLE, &user).await.unwrap();
    assert!(proof.is_clean() && proof.expired > 0, "{proof:?}");

    // Another process reads what there is, and goes on too.
    let again = Lake::open(config).await.unwrap();
    let rest = (0..300).filter(|n| n % 7 != 3).count() as u64;
    let count =
        |files: &[lakefront_lake::DataFile]| files.iter().map(|file| file.record_count()).sum::<u64>();
    assert_eq!(count(&data_files(&again, TABLE).await), rest);
    append(&again, rows(TABLE, 1000, 1, |_| MARCH_10)).await;
    assert_eq!(count(&data_files(&lake, TABLE).await), rest + 1);
}

/// Returns a clock that is some hours ahead of the system's, as compactions want files of an hour, and the number of
/// milliseconds by which it is, which a test changes.
macro_rules! clock {
    () => {{
        static AHEAD: AtomicI64 = AtomicI64::new(2 * HOUR_MS);
        let now_ms = || jiff::Timestamp::now().as_millisecond() + AHEAD.load(Ordering::Relaxed);
        (&AHEAD, now_ms)
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_on_after_a_clock_that_was_decades_ahead() {
    let folder = TempDir::new().unwrap();
    let (clock, now_ms) = clock!();
    goes_on(LakeConfig::new(folder.path()), clock, now_ms).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_catalog_goes_on_after_a_clock_that_was_decades_ahead() {
    let servers = S3Lake::start().await.unwrap();
    let (clock, now_ms) = clock!();
    goes_on(LakeConfig::at(servers.at().place().unwrap()), clock, now_ms).await;
}
