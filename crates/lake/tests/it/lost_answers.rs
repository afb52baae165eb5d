//! The catalog's answer to a swap is lost: exactly one commit is in the table at the end, whether the swap succeeded or
//! not.
//!
//! SQLite itself loses the answer: `RAISE(FAIL)` in a trigger makes a statement fail, but keeps its changes up to that
//! point.

use std::path::Path;

use crate::common::{MARCH_10, lake, rows};
use lakefront_lake::{DataFile, Error, Lake, LakeConfig, WalPosition};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

const TABLE: &str = "otel_logs";
const ROWS: usize = 10;

/// The moment at which the answer to the next swap is lost.
#[derive(Clone, Copy)]
enum Lost {
    /// Before the swap changed anything.
    Before,
    /// After the swap succeeded.
    After,
}

/// Makes the next swap fail. If `unreachable`, the table can't be read either until [`reachable`] is called.
async fn lose_next_answer(lake: &Path, lost: Lost, unreachable: bool) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(lake.join("catalog.db"));
    let catalog = SqlitePool::connect_with(options).await.unwrap();
    let (time, committed) = match lost {
        Lost::Before => ("BEFORE", "OLD"),
        Lost::After => ("AFTER", "NEW"),
    };
    let hide = match unreachable {
        true => {
            "UPDATE iceberg_tables SET metadata_location = '/unreachable' WHERE table_name = NEW.table_name;"
        }
        false => "",
    };
    let fault = format!(
        "CREATE TABLE fault (armed INTEGER, location TEXT);
         INSERT INTO fault VALUES (1, NULL);
         CREATE TRIGGER lose {time} UPDATE ON iceberg_tables WHEN (SELECT armed FROM fault) = 1
         BEGIN
             UPDATE fault SET armed = 0, location = {committed}.metadata_location;
             {hide}
             SELECT RAISE(FAIL, 'the answer is lost');
         END;"
    );
    sqlx::raw_sql(&fault).execute(&catalog).await.unwrap();
    catalog
}

async fn reachable(catalog: &SqlitePool) {
    let restore = "UPDATE iceberg_tables SET metadata_location = (SELECT location FROM fault)
                   WHERE metadata_location = '/unreachable'";
    let restored = sqlx::query(restore).execute(catalog).await.unwrap();
    assert_eq!(restored.rows_affected(), 1);
}

async fn assert_lost(catalog: &SqlitePool) {
    let armed: i64 = sqlx::query_scalar("SELECT armed FROM fault")
        .fetch_one(catalog)
        .await
        .unwrap();
    assert_eq!(armed, 0, "an answer was lost");
}

async fn written(lake: &Lake) -> (Vec<DataFile>, WalPosition) {
    let batch = rows(TABLE, 0, ROWS, |_| MARCH_10);
    let files = lake.write(TABLE, batch).await.unwrap();
    let writer = lake.new_writer().await.unwrap();
    (files, WalPosition::new(writer, 9))
}

/// Asserts that the rows are in the table once, also for a lake that was just opened.
async fn assert_in_once(folder: &Path) {
    let lake = Lake::open(LakeConfig::new(folder)).await.unwrap();
    let files = lake.files(TABLE).await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file.record_count(), ROWS as u64);
    assert_eq!(
        files[0].sequence_number, 1,
        "by the first commit, and there was no second"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_in_once() {
    for lost in [Lost::Before, Lost::After] {
        let (folder, lake) = lake().await;
        let (files, wal) = written(&lake).await;
        let catalog = lose_next_answer(folder.path(), lost, false).await;
        let commit = lake.append(TABLE, &files, Some(&wal)).await.unwrap().unwrap();
        assert_lost(&catalog).await;
        assert_eq!(commit.sequence_number, 1);
        assert_in_once(folder.path()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_unknown_state_can_be_repeated() {
    for lost in [Lost::Before, Lost::After] {
        let (folder, lake) = lake().await;
        let (files, wal) = written(&lake).await;
        let catalog = lose_next_answer(folder.path(), lost, true).await;
        let unknown = lake.append(TABLE, &files, Some(&wal)).await;
        assert!(
            matches!(unknown, Err(Error::CommitStateUnknown { .. })),
            "{unknown:?}"
        );
        assert_lost(&catalog).await;
        reachable(&catalog).await;

        let again = lake.append(TABLE, &files, Some(&wal)).await.unwrap();
        assert_eq!(again.is_some(), matches!(lost, Lost::Before));
        assert_in_once(folder.path()).await;
    }
}
