//! A lake stays small after many commits, and compacted files stay readable for a while.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::common::{DAY, MARCH_10, NEW_YEAR, SECOND, data_files, rows};
use iceberg::io::FileIO;
use iceberg::spec::{ManifestList, TableMetadata};
use lakefront_lake::{Error, Lake, LakeConfig};
use tempfile::TempDir;

const HOUR: i64 = 3_600 * SECOND;

/// Opens a lake whose clock the test sets, in microseconds.
macro_rules! lake_with_clock {
    ($clock:ident) => {{
        static $clock: AtomicI64 = AtomicI64::new(NEW_YEAR);
        let folder = TempDir::new().unwrap();
        let config = LakeConfig {
            now_ms: || $clock.load(Ordering::Relaxed) / 1_000,
            ..LakeConfig::new(folder.path())
        };
        let lake = Lake::open(config).await.unwrap();
        (folder, lake, &$clock)
    }};
}

async fn append(lake: &Lake, first: i64, time: i64) {
    let files = lake
        .write(
            "otel_metrics_gauge",
            rows("otel_metrics_gauge", first, 1, |_| time),
        )
        .await
        .unwrap();
    lake.append("otel_metrics_gauge", &files, None)
        .await
        .unwrap()
        .unwrap();
}

/// Returns the metadata that the version hint names.
async fn metadata(lake: &Path) -> TableMetadata {
    let folder = lake.join("otel/otel_metrics_gauge/metadata");
    let version = std::fs::read_to_string(folder.join("version-hint.text")).unwrap();
    let file = folder.join(format!("{version}.metadata.json"));
    TableMetadata::read_from(&FileIO::new_with_fs(), file.to_str().unwrap())
        .await
        .unwrap()
}

async fn manifests(metadata: &TableMetadata, list: &str) -> Vec<String> {
    let bytes = FileIO::new_with_fs()
        .new_input(list)
        .unwrap()
        .read()
        .await
        .unwrap();
    let list = ManifestList::parse_with_version(&bytes, metadata.format_version()).unwrap();
    list.entries()
        .iter()
        .map(|manifest| manifest.manifest_path.clone())
        .collect()
}

fn files_below(folder: &Path, suffix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_below(&path, suffix));
        } else if path.to_str().unwrap().ends_with(suffix) {
            found.insert(format!("file://{}", path.display()));
        }
    }
    found
}

/// The commits are ten minutes apart, so that hours and days pass.
#[tokio::test(flavor = "multi_thread")]
async fn manifests_and_snapshots_stay_few_and_their_files_go() {
    let (folder, lake, clock) = lake_with_clock!(CLOCK);
    // Snapshots expire with the commit after every sixteenth.
    const COMMITS: i64 = 609;
    for n in 0..COMMITS {
        let now = NEW_YEAR + n * HOUR / 6;
        clock.store(now, Ordering::Relaxed);
        append(&lake, n, now).await;
    }
    let metadata = metadata(folder.path()).await;
    let days = COMMITS / 6 / 24;
    let list = metadata.current_snapshot().unwrap().manifest_list();
    let open = manifests(&metadata, list).await.len() as i64;
    assert!(open <= 8 + days, "a reader opens {open} manifests");
    // The last 100 snapshots cover 17 hours. Each hour before has one snapshot.
    let expected = 100 + (COMMITS - 100) / 6;
    let snapshots = metadata.snapshots().len() as i64;
    assert!(
        (expected - 2..=expected + 2).contains(&snapshots),
        "{snapshots} snapshots, expected about {expected}"
    );
    assert_eq!(
        lake.files("otel_metrics_gauge").await.unwrap().len() as i64,
        COMMITS
    );

    let mut reachable = BTreeSet::new();
    for snapshot in metadata.snapshots() {
        reachable.extend(manifests(&metadata, snapshot.manifest_list()).await);
        reachable.insert(snapshot.manifest_list().to_owned());
    }
    assert_eq!(files_below(folder.path(), ".avro"), reachable);
    let table = folder.path().join("otel/otel_metrics_gauge");
    assert!(
        files_below(&table, ".metadata.json").len() <= 21,
        "the current one and 20 before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_state_of_each_hour_has_a_name() {
    let (folder, lake, clock) = lake_with_clock!(NAMING_CLOCK);
    for half_hour in 0..5 {
        clock.store(NEW_YEAR + half_hour * HOUR / 2, Ordering::Relaxed);
        append(&lake, half_hour, NEW_YEAR).await;
    }
    let named = lake.named_snapshots("otel_metrics_gauge").await.unwrap();
    let states: Vec<_> = named
        .iter()
        .map(|state| (state.name.as_str(), state.rows))
        .collect();
    // The hour that is not over has none.
    assert_eq!(
        states,
        [("hour-2100-01-01T00", Some(2)), ("hour-2100-01-01T01", Some(4))]
    );
    assert_eq!(named[0].committed.as_microsecond(), NEW_YEAR + HOUR / 2);
    let metadata = metadata(folder.path()).await;
    assert!(metadata.snapshot_by_id(named[0].id).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_files_stay_for_an_hour_and_as_long_as_a_snapshot_has_them() {
    let (folder, lake, clock) = lake_with_clock!(CLOCK);
    const TABLE: &str = "otel_metrics_gauge";
    for n in 0..20 {
        append(&lake, n, NEW_YEAR - DAY + n).await;
    }
    let old = lake.files(TABLE).await.unwrap();
    let old_files: Vec<_> = old.iter().map(|file| file.file.clone()).collect();
    let merged = lake.merge(TABLE, &old_files).await.unwrap();
    append(&lake, 20, NEW_YEAR - DAY).await;
    lake.replace(TABLE, &old_files, &merged).await.unwrap();

    let now = lake.files(TABLE).await.unwrap();
    assert_eq!(now.len(), 2);
    let compacted = now.iter().find(|file| file.file.record_count() == 20).unwrap();
    assert_eq!(compacted.sequence_number, 20, "the highest of what it replaces");
    let again = lake.replace(TABLE, &old_files, &merged).await;
    assert!(
        matches!(again, Err(Error::NotCurrent { missing: 20, .. })),
        "{again:?}"
    );

    // After many commits within the hour, the old snapshots are gone and the files are still there.
    for n in 0..150 {
        clock.store(NEW_YEAR + n * 20 * SECOND, Ordering::Relaxed);
        append(&lake, 21 + n, NEW_YEAR).await;
    }
    let expire_at = async |time: i64, first: i64| {
        clock.store(time, Ordering::Relaxed);
        for n in first..first + 16 {
            append(&lake, n, NEW_YEAR).await;
        }
    };
    expire_at(NEW_YEAR + HOUR - SECOND, 200).await;
    let parquet = files_below(folder.path(), ".parquet");
    assert!(
        old_files.iter().all(|file| parquet.contains(file.file_path())),
        "they stay for an hour"
    );

    expire_at(NEW_YEAR + HOUR + SECOND, 300).await;
    let live: BTreeSet<String> = lake
        .files(TABLE)
        .await
        .unwrap()
        .iter()
        .map(|file| file.file.file_path().to_owned())
        .collect();
    assert!(
        files_below(folder.path(), ".parquet") == live,
        "only what is live is left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn expire_forgets_what_is_due_without_a_commit() {
    const TABLE: &str = "otel_metrics_gauge";
    let folder = TempDir::new().unwrap();
    let config = LakeConfig {
        keep_snapshots: 3,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.unwrap();
    for n in 0..10 {
        append(&lake, n, MARCH_10).await;
    }
    let expired = lake.expire(TABLE).await.unwrap();
    // One more snapshot stays under its tag if an hour ended in between.
    assert!(
        expired.snapshots >= 6 && expired.files >= expired.snapshots,
        "{expired:?}"
    );
    assert_eq!(
        metadata(folder.path()).await.snapshots().len(),
        10 - expired.snapshots
    );
    assert_eq!(lake.expire(TABLE).await.unwrap(), Default::default());
    assert_eq!(lake.files(TABLE).await.unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_rows_are_sorted_and_the_same() {
    let (folder, lake) = crate::common::lake().await;
    for n in 0..5 {
        let files = lake
            .write("otel_logs", rows("otel_logs", n * 100, 100, |n| MARCH_10 + n))
            .await
            .unwrap();
        lake.append("otel_logs", &files, None).await.unwrap();
    }
    let before = crate::common::python(
        "readers.py",
        &["duckdb", folder.path().to_str().unwrap(), "otel_logs"],
    );
    let old = data_files(&lake, "otel_logs").await;
    let new = lake.merge("otel_logs", &old).await.unwrap();
    assert_eq!(new.len(), 1);
    lake.replace("otel_logs", &old, &new).await.unwrap();
    let after = crate::common::python(
        "readers.py",
        &["duckdb", folder.path().to_str().unwrap(), "otel_logs"],
    );
    assert_eq!(before, after);
}
