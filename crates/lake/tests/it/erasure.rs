//! Erasing takes out the selected rows and nothing else: of the table, its history and the store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use lakefront_lake::{CompactionSettings, Condition, Error, Lake, LakeConfig, Pace};
use lakefront_tests::S3Lake;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use crate::common::{DAY, MARCH_10, data_files, rows, run_python};

const LOGS: &str = "otel_logs";
const SPANS: &str = "otel_traces";
const ROWS: i64 = 14;
const DAYS: i64 = 4;

fn pace() -> Arc<Pace> {
    Arc::new(Pace::new(100))
}

fn condition(text: &str) -> Condition {
    text.parse().unwrap()
}

/// Commits one file of a day. The user of row `n` is `<n % 7>`.
async fn append(lake: &Lake, table: &str, number: i64, day: i64) {
    let batch = rows(table, number * ROWS, ROWS as usize, |n| MARCH_10 + day * DAY + n);
    let files = lake.write(table, batch).await.unwrap();
    lake.append(table, &files, None).await.unwrap();
}

/// Returns the ids of the rows of the current snapshot.
async fn ids(lake: &Lake, table: &str) -> BTreeSet<i64> {
    let state = lake.state(table).await.unwrap();
    let mut ids = BTreeSet::new();
    for file in &state.files {
        let input = lake.open_file(table, state.path(file).unwrap()).await.unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(input).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = batch.column_by_name("RowId").unwrap().as_primitive::<Int64Type>();
            for id in column.values() {
                assert!(ids.insert(*id), "row {id} twice");
            }
        }
    }
    ids
}

/// Fills two tables, with a history that reaches replaced files.
async fn fill(config: &LakeConfig) -> Lake {
    let lake = Lake::open(config.clone()).await.unwrap();
    for number in 0..3 * DAYS {
        append(&lake, LOGS, number, number % DAYS).await;
        append(&lake, SPANS, number, number % DAYS).await;
    }
    let mut old = data_files(&lake, LOGS).await;
    let first_day = old[0].partition().clone();
    old.retain(|file| *file.partition() == first_day);
    let new = lake.merge(LOGS, &old).await.unwrap();
    lake.replace(LOGS, &old, &new).await.unwrap();
    lake
}

async fn erases(config: LakeConfig) {
    let lake = fill(&config).await;
    let user = condition("UserId = '<3>'");
    let all: BTreeSet<i64> = (0..3 * DAYS * ROWS).collect();
    let mut kept = all.clone();
    kept.retain(|n| n % 7 != 3);
    let gone = all.len() - kept.len();
    let found = lake.selected_rows(LOGS, &user).await.unwrap();
    assert_eq!((found.rows, found.selected()), (all.len() as u64, gone as u64));
    assert_eq!(found.days.len(), DAYS as usize);
    assert_eq!(ids(&lake, LOGS).await, all, "a question changes nothing");
    let highest = async |table| {
        let files = lake.files(table).await.unwrap();
        files.iter().map(|file| file.sequence_number).max().unwrap()
    };
    let before = highest(LOGS).await;

    // The first run ends after one day.
    let stopped = pace();
    let mut days = Vec::new();
    let ended = lake.erase(LOGS, &user, &stopped, |day| {
        days.push(day.day);
        stopped.stop();
    });
    let ended = ended.await;
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    assert_eq!(days.len(), 1);
    let left = lake.selected_rows(LOGS, &user).await.unwrap();
    assert_eq!(left.days.len(), DAYS as usize - 1);

    // The second one goes on, beside appends of other rows.
    let other = Lake::open(config.clone()).await.unwrap();
    let appends = async {
        for number in 100..110 {
            let time = |n: i64| MARCH_10 + number % DAYS * DAY + n;
            let batch = rows(LOGS, number * 1001, 3, time);
            let files = other.write(LOGS, batch).await.unwrap();
            other.append(LOGS, &files, None).await.unwrap();
        }
    };
    let paced = pace();
    let (erased, ()) = tokio::join!(lake.erase(LOGS, &user, &paced, |day| days.push(day.day)), appends);
    let erased = erased.unwrap();
    assert_eq!(erased.days, left.days);
    assert_eq!(days.len(), DAYS as usize);
    kept.extend((100..110).flat_map(|number| number * 1001..number * 1001 + 3));
    assert_eq!(ids(&lake, LOGS).await, kept, "nothing else is lost");
    let new = highest(LOGS).await;
    assert!(new > before, "a follower must not take it for a compaction");

    // The history still has them until it is erased too.
    let proof = lake.erase_history(LOGS, &user).await.unwrap();
    assert!(proof.is_clean(), "{proof:?}");
    assert_eq!(proof.rows, kept.len() as u64);
    assert!(
        proof.expired > 0 && proof.deleted >= 3 * DAYS as usize,
        "{proof:?}"
    );
    assert_eq!(
        proof.files,
        data_files(&lake, LOGS).await.len(),
        "no other file is left"
    );
    let again = Lake::open(config.clone()).await.unwrap();
    assert_eq!(ids(&again, LOGS).await, kept);
    assert_eq!(ids(&again, SPANS).await, all, "the other table is as it was");

    // A further run finds nothing to do, and the lake goes on.
    let nothing = lake
        .erase(LOGS, &user, &pace(), |_| panic!("nothing is left"))
        .await
        .unwrap();
    assert!(nothing.days.is_empty());
    let proof = lake.erase_history(LOGS, &user).await.unwrap();
    assert_eq!((proof.expired, proof.deleted, proof.is_clean()), (0, 0, true));
    append(&lake, LOGS, 1000, 1).await;
    let late = lake.erase_history(LOGS, &user).await.unwrap();
    assert_eq!(
        (late.selected, late.is_clean()),
        (2, false),
        "rows that came in since are seen"
    );

    // By time, down to a part of a day: all rows of the first day from the third microsecond on.
    let time = condition("Timestamp >= '2026-03-10T00:00:00.000003Z' AND Timestamp < '2026-03-11'");
    lake.erase(SPANS, &time, &pace(), |_| ()).await.unwrap();
    assert!(lake.erase_history(SPANS, &time).await.unwrap().is_clean());
    let mut kept = all;
    kept.retain(|n| n / ROWS % DAYS != 0 || *n < 3);
    assert_eq!(ids(&lake, SPANS).await, kept);
    let points = lake.selected_rows("otel_metrics_gauge", &user).await.unwrap();
    assert_eq!(points.selected(), 0, "points have no user");
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_rows_leave_a_lake_in_a_folder() {
    let folder = TempDir::new().unwrap();
    erases(LakeConfig::new(folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_rows_leave_a_lake_behind_a_rest_catalog() {
    let servers = S3Lake::start().await.unwrap();
    erases(LakeConfig::at(servers.at().place().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compactions_bring_nothing_back() {
    const FILES: i64 = 70;
    let folder = TempDir::new().unwrap();
    let config = LakeConfig::new(folder.path());
    let lake = Lake::open(config.clone()).await.unwrap();
    // So many that the oldest of a day are due, although they are of this minute.
    for number in 0..FILES {
        append(&lake, LOGS, number, number % 2).await;
    }
    let user = condition("UserId = '<3>'");
    let settings = CompactionSettings::default();
    let planned = lake.plan_compaction(LOGS, &settings).await.unwrap().groups;
    assert_eq!(planned.len(), 2, "one a day");
    let compactions = async {
        let mut refused = 0;
        for group in &planned {
            match lake.compact(group, &settings, &pace()).await {
                Ok(_) => {}
                Err(Error::NotCurrent { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        refused
    };
    let eraser = Lake::open(config).await.unwrap();
    let paced = pace();
    let (erased, refused) = tokio::join!(eraser.erase(LOGS, &user, &paced, |_| ()), compactions);
    erased.unwrap();
    assert!(refused <= planned.len());
    // A compaction that was planned before changes nothing after.
    for group in &planned {
        let late = lake.compact(group, &settings, &pace()).await;
        assert!(matches!(late, Err(Error::NotCurrent { .. })), "{late:?}");
    }
    let proof = lake.erase_history(LOGS, &user).await.unwrap();
    assert!(proof.is_clean(), "{proof:?}");
    let mut kept: BTreeSet<i64> = (0..FILES * ROWS).collect();
    kept.retain(|n| n % 7 != 3);
    assert_eq!(ids(&lake, LOGS).await, kept);
}

#[tokio::test]
async fn a_file_that_may_be_committed_later_is_named_and_kept() {
    let folder = TempDir::new().unwrap();
    let lake = fill(&LakeConfig::new(folder.path())).await;
    let user = condition("UserId = '<3>'");
    let written = lake.write(LOGS, rows(LOGS, 5000, 7, |_| MARCH_10)).await.unwrap();
    lake.erase(LOGS, &user, &pace(), |_| ()).await.unwrap();
    let proof = lake.erase_history(LOGS, &user).await.unwrap();
    assert_eq!(proof.uncommitted, [written[0].file_path()]);
    lake.append(LOGS, &written, None).await.unwrap().unwrap();
    assert_eq!(lake.selected_rows(LOGS, &user).await.unwrap().selected(), 1);
    lake.erase(LOGS, &user, &pace(), |_| ()).await.unwrap();
    assert!(lake.erase_history(LOGS, &user).await.unwrap().is_clean());

    // A file of a writer that was killed a while ago goes.
    let stray = lake.write(LOGS, rows(LOGS, 6000, 7, |_| MARCH_10)).await.unwrap();
    let impatient = Lake::open(LakeConfig {
        keep_unreferenced: Duration::ZERO,
        ..LakeConfig::new(folder.path())
    });
    let proof = impatient.await.unwrap().erase_history(LOGS, &user).await.unwrap();
    assert!(proof.is_clean() && proof.deleted == 1, "{proof:?}");
    assert!(!std::path::Path::new(stray[0].file_path().trim_start_matches("file://")).exists());
}

/// A run that was killed after it deleted files, and before their snapshots expired.
#[tokio::test]
async fn snapshots_whose_files_are_gone_expire() {
    let folder = TempDir::new().unwrap();
    let lake = fill(&LakeConfig::new(folder.path())).await;
    let before = data_files(&lake, LOGS).await;
    let user = condition("UserId = '<3>'");
    lake.erase(LOGS, &user, &pace(), |_| ()).await.unwrap();
    for file in before {
        std::fs::remove_file(file.file_path().trim_start_matches("file://")).unwrap();
    }
    let proof = lake.erase_history(LOGS, &user).await.unwrap();
    assert!(proof.is_clean() && proof.expired > 0, "{proof:?}");
    let again = lake.erase_history(LOGS, &user).await.unwrap();
    assert_eq!((again.expired, again.deleted), (0, 0));
    let mut kept: BTreeSet<i64> = (0..3 * DAYS * ROWS).collect();
    kept.retain(|n| n % 7 != 3);
    assert_eq!(ids(&lake, LOGS).await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_another_program_is_named() {
    let folder = TempDir::new().unwrap();
    let lake = fill(&LakeConfig::new(folder.path())).await;
    let tag = |action: &str| {
        let arguments = [folder.path().to_str().unwrap(), LOGS, action, "audit-2026"];
        run_python("tag.py", &arguments);
    };
    tag("create");
    let user = condition("UserId = '<3>'");
    lake.erase(LOGS, &user, &pace(), |_| ()).await.unwrap();
    let refused = lake.erase_history(LOGS, &user).await.unwrap_err();
    let message = refused.to_string();
    assert!(
        matches!(refused, Error::Kept { .. }) && message.contains("`audit-2026`"),
        "{message}"
    );
    tag("remove");
    assert!(lake.erase_history(LOGS, &user).await.unwrap().is_clean());
}
