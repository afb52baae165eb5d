//! Compaction keeps the number of files small, and neither loses nor doubles a row, whatever happens beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use lakefront_lake::{CompactionSettings, Error, Group, Lake, LakeConfig, Pace, TableState};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use crate::common::{DAY, MARCH_10, NEW_YEAR, SECOND, lake, rows};

const TABLE: &str = "otel_logs";
const ROWS: i64 = 20;

fn quick() -> Arc<Pace> {
    Arc::new(Pace::new(100))
}

/// Commits the `number`-th file: rows of a second, `number` seconds after `start`.
async fn append(lake: &Lake, number: i64, start: i64) {
    let time = |n: i64| start + number * SECOND + n % ROWS * 1000;
    let files = lake
        .write(TABLE, rows(TABLE, number * ROWS, ROWS as usize, time))
        .await
        .unwrap();
    lake.append(TABLE, &files, None).await.unwrap();
}

/// Returns the ids of all rows of the current snapshot, in order.
async fn ids(lake: &Lake) -> Vec<i64> {
    let state = lake.state(TABLE).await.unwrap();
    let mut ids = Vec::new();
    for file in &state.files {
        let input = lake.open_file(TABLE, state.path(file).unwrap()).await.unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(input)
            .unwrap()
            .build()
            .unwrap();
        for batch in reader {
            let batch = batch.unwrap();
            let column = batch.column_by_name("RowId").unwrap().as_primitive::<Int64Type>();
            ids.extend(column.values());
        }
    }
    ids.sort_unstable();
    ids
}

async fn groups(lake: &Lake, settings: &CompactionSettings) -> Vec<Group> {
    lake.plan_compaction(TABLE, settings).await.unwrap().groups
}

/// Compacts until nothing is due. Returns the bytes that were rewritten.
async fn compact_all(lake: &Lake, settings: &CompactionSettings) -> u64 {
    let mut bytes = 0;
    loop {
        let due = groups(lake, settings).await;
        if due.is_empty() {
            return bytes;
        }
        for group in due {
            bytes += lake
                .compact(&group, settings, &quick())
                .await
                .unwrap()
                .bytes_before;
        }
    }
}

/// Returns the Parquet files on disk that the current snapshot does not have.
fn others_on_disk(folder: &TempDir, state: &TableState) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.path().join("otel").join(TABLE).join("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(format!("file://{}", path.display()));
            }
        }
    }
    found.retain(|path| state.files.iter().all(|file| file.file.file_path() != path));
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_many_commits_has_few_files_and_the_same_rows() {
    let (_folder, lake) = lake().await;
    let settings = CompactionSettings::default();
    let mut bytes = 0;
    for number in 0..150 {
        append(&lake, number, MARCH_10).await;
        let before: BTreeMap<String, i64> = numbers(&lake).await;
        for group in groups(&lake, &settings).await {
            let highest = group.files.iter().map(|file| file.sequence_number).max();
            bytes += lake
                .compact(&group, &settings, &quick())
                .await
                .unwrap()
                .bytes_before;
            let mut after = numbers(&lake).await;
            after.retain(|path, _| !before.contains_key(path));
            assert_eq!(after.len(), 1, "one file from a group");
            assert_eq!(
                after.into_values().next(),
                highest,
                "the highest number of the group"
            );
        }
        assert!(lake.files(TABLE).await.unwrap().len() <= 40);
    }
    let expected: Vec<i64> = (0..150 * ROWS).collect();
    assert_eq!(ids(&lake).await, expected);
    assert!(bytes > 0);
}

async fn numbers(lake: &Lake) -> BTreeMap<String, i64> {
    let files = lake.files(TABLE).await.unwrap().into_iter();
    files
        .map(|file| (file.file.file_path().to_owned(), file.sequence_number))
        .collect()
}

fn in_2100() -> i64 {
    NEW_YEAR / 1000
}

/// Returns a lake whose clock is far after the days of its rows.
async fn old_lake() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig {
        now_ms: in_2100,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.unwrap();
    (folder, lake)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_day_ends_as_one_file_laid_out_like_a_fresh_one() {
    let (_folder, lake) = old_lake().await;
    for number in 0..40 {
        append(&lake, number, MARCH_10 + number % 2 * DAY).await;
    }
    compact_all(&lake, &CompactionSettings::default()).await;
    let state = lake.state(TABLE).await.unwrap();
    assert_eq!(state.files.len(), 2, "one a day");
    let file = &state.files[0];
    assert!(
        file.file.lower_bounds().len() >= 3,
        "bounds of sort columns and time"
    );
    let input = lake.open_file(TABLE, state.path(file).unwrap()).await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(input).unwrap();
    let group = reader.metadata().row_group(0);
    let definition = lakefront_otel::table(TABLE).unwrap();
    for name in definition.bloom_columns {
        let column = group
            .columns()
            .iter()
            .find(|c| c.column_path().string() == **name);
        assert!(
            column.unwrap().bloom_filter_offset().is_some(),
            "bloom filter of {name}"
        );
    }
    assert_eq!(ids(&lake).await, (0..40 * ROWS).collect::<Vec<_>>());

    // Few late rows do not have the whole day rewritten.
    let bytes: u64 = state
        .files
        .iter()
        .map(|file| file.file.file_size_in_bytes())
        .sum();
    let tiny = CompactionSettings {
        target_bytes: bytes,
        ..CompactionSettings::default()
    };
    assert!(groups(&lake, &tiny).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_day_ends_as_files_of_the_target_size() {
    const ROWS: i64 = 1500;
    let (_folder, lake) = old_lake().await;
    for number in 0..40 {
        // Ids that do not compress.
        let time = |n: i64| MARCH_10 + n * 7919 % (3600 * SECOND);
        let batch = rows(TABLE, number * ROWS, ROWS as usize, time);
        let files = lake.write(TABLE, batch).await.unwrap();
        lake.append(TABLE, &files, None).await.unwrap();
    }
    let before = lake.files(TABLE).await.unwrap();
    let largest = before
        .iter()
        .map(|file| file.file.file_size_in_bytes())
        .max()
        .unwrap();
    // A row group is written as soon as its memory is used up, so that there are places to cut.
    let settings = CompactionSettings {
        target_bytes: largest * 2,
        memory_bytes: 6 << 20,
    };
    compact_all(&lake, &settings).await;
    let after = lake.files(TABLE).await.unwrap();
    let sizes: Vec<u64> = after.iter().map(|file| file.file.file_size_in_bytes()).collect();
    assert!(after.len() > 1 && after.len() < before.len(), "{sizes:?}");
    let done = settings.target_bytes / 3 * 2;
    let rest = sizes.iter().filter(|bytes| **bytes < done).count();
    assert!(rest <= 1, "{sizes:?}, done from {done}");
    assert!(
        sizes.iter().all(|bytes| *bytes < settings.target_bytes * 3),
        "{sizes:?}"
    );
    assert_eq!(ids(&lake).await, (0..40 * ROWS).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_compactors_one_changes_nothing() {
    let (folder, one) = old_lake().await;
    let other = Lake::open(LakeConfig {
        now_ms: in_2100,
        ..LakeConfig::new(folder.path())
    })
    .await
    .unwrap();
    let settings = CompactionSettings::default();
    for number in 0..30 {
        append(&one, number, MARCH_10).await;
    }
    let (of_one, of_other) = (groups(&one, &settings).await, groups(&other, &settings).await);
    let (pace, late) = (quick(), quick());
    let (first, second, ()) = tokio::join!(
        one.compact(&of_one[0], &settings, &pace),
        other.compact(&of_other[0], &settings, &late),
        append(&one, 30, MARCH_10),
    );
    let failed = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert!(
        matches!(failed[..], [Error::NotCurrent { missing: 30, .. }]),
        "{failed:?}"
    );
    assert_eq!(ids(&one).await, (0..31 * ROWS).collect::<Vec<_>>());
    let state = one.state(TABLE).await.unwrap();
    assert_eq!(state.files.len(), 2);
    assert_eq!(
        others_on_disk(&folder, &state).len(),
        30,
        "only the replaced files"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_left_meanwhile_does_not_come_back() {
    let (folder, lake) = old_lake().await;
    let settings = CompactionSettings::default();
    for number in 0..30 {
        append(&lake, number, MARCH_10).await;
    }
    let group = groups(&lake, &settings).await.remove(0);
    // Another writer overwrites the rows of one file.
    let overwritten: Vec<_> = group.files[3..4].iter().map(|file| file.file.clone()).collect();
    let new = lake
        .write(TABLE, rows(TABLE, 1_000_000, 1, |_| MARCH_10))
        .await
        .unwrap();
    lake.replace(TABLE, &overwritten, &new).await.unwrap();
    let before = ids(&lake).await;
    let refused = lake.compact(&group, &settings, &quick()).await;
    assert!(
        matches!(refused, Err(Error::NotCurrent { missing: 1, .. })),
        "{refused:?}"
    );
    assert_eq!(ids(&lake).await, before);
    let state = lake.state(TABLE).await.unwrap();
    assert_eq!(
        others_on_disk(&folder, &state).len(),
        1,
        "only the overwritten file"
    );
    compact_all(&lake, &settings).await;
    assert_eq!(ids(&lake).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_compaction_leaves_nothing() {
    let (folder, lake) = old_lake().await;
    let settings = CompactionSettings::default();
    for number in 0..30 {
        append(&lake, number, MARCH_10).await;
    }
    let group = groups(&lake, &settings).await.remove(0);
    let pace = Arc::new(Pace::new(1));
    let (stopped, ()) = tokio::join!(lake.compact(&group, &settings, &pace), async { pace.stop() });
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    let state = lake.state(TABLE).await.unwrap();
    assert_eq!(state.files.len(), 30);
    assert_eq!(others_on_disk(&folder, &state), Vec::<String>::new());
}
