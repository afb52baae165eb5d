//! The writer number of a log is unique in its lake, even if the log's folder is moved to another lake or copied.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::support::{Server, health, health_until, post_logs, rows};
use lakefront_lake::{Lake, LakeConfig, WalPosition};
use tempfile::TempDir;

/// Flags that commit at 100 rows or at the end.
const BY_ROWS: [&str; 4] = ["--commit-interval", "1h", "--commit-rows", "100"];

async fn send(server: &Server, name: &str, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|row| format!("{name}{row}")).collect();
    assert_eq!(post_logs(&server.url, &ids).await.status(), 200);
    ids
}

async fn committed(server: &Server) {
    health_until(&server.url, |health| health["wal"]["backlog_records"] == 0).await;
}

async fn writer(server: &Server) -> u64 {
    health(&server.url).await["wal"]["writer"]
        .as_u64()
        .expect("a number")
}

/// Asserts that the lake beside `data` contains exactly the expected rows, each once.
async fn assert_rows(data: &Path, expected: &[Vec<String>]) {
    let rows = rows(data, "otel_logs", "Body").await;
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.row_id).collect();
    assert_eq!(ids.len(), rows.len(), "each row has an id of its own");
    let mut found: Vec<String> = rows.into_iter().map(|row| row.text).collect();
    let mut expected: Vec<String> = expected.iter().flatten().cloned().collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// Returns a data folder with a copy of another folder's log, on the same lake.
fn copy_of(original: &Path) -> TempDir {
    let copy = TempDir::new().expect("a folder");
    fs::create_dir(copy.path().join("wal")).expect("a folder");
    for entry in fs::read_dir(original.join("wal")).expect("a log") {
        let file = entry.expect("a file").path();
        let name = file.file_name().expect("a name");
        fs::copy(&file, copy.path().join("wal").join(name)).expect("copied");
    }
    symlink(original.join("lake"), copy.path().join("lake")).expect("a link");
    copy
}

#[tokio::test]
async fn a_log_taken_to_another_lake_and_back_loses_nothing() {
    let (one, other) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    // The other lake has a writer of the same number, whose position is higher.
    let server = Server::start(other.path(), &BY_ROWS);
    let theirs = send(&server, "theirs", 50).await;
    assert!(server.terminate().success());
    let server = Server::start(one.path(), &BY_ROWS);
    let ours = send(&server, "ours", 100).await;
    committed(&server).await;
    let pending = send(&server, "pending", 10).await;
    let first_number = writer(&server).await;
    server.kill();

    // Committed rows stay in the first lake. Pending rows are committed to the lake that the log uses now.
    let (own_lake, moved) = (one.path().join("lake"), one.path().join("aside"));
    fs::rename(&own_lake, &moved).expect("moved");
    symlink(other.path().join("lake"), &own_lake).expect("a link");
    let server = Server::start(one.path(), &BY_ROWS);
    assert_ne!(writer(&server).await, first_number);
    let there = send(&server, "there", 20).await;
    assert!(server.terminate().success());
    assert_rows(other.path(), &[theirs, pending, there]).await;

    fs::remove_file(&own_lake).expect("removed");
    fs::rename(&moved, &own_lake).expect("moved back");
    let server = Server::start(one.path(), &BY_ROWS);
    assert_eq!(writer(&server).await, first_number, "it has its number again");
    let back = send(&server, "back", 20).await;
    assert!(server.terminate().success());
    assert_rows(one.path(), &[ours, back]).await;
}

/// The order in which a log and its copy commit, and whether the copy starts before the first commit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Copy,
    Original,
    OriginalBeforeTheCopyStarts,
}

#[tokio::test]
async fn a_copied_log_beside_the_original_loses_and_doubles_nothing() {
    for first in [First::Copy, First::Original, First::OriginalBeforeTheCopyStarts] {
        let data = TempDir::new().expect("a folder");
        let original = Server::start(data.path(), &BY_ROWS);
        let mut all = vec![send(&original, "committed", 100).await];
        committed(&original).await;
        let number = writer(&original).await;
        // Both logs contain these rows.
        all.push(send(&original, "shared", 10).await);
        let folder = copy_of(data.path());
        let start = || Server::start(folder.path(), &BY_ROWS);
        let copy = match first {
            First::Copy => {
                let copy = start();
                all.push(send(&copy, "copy", 100).await);
                committed(&copy).await;
                all.push(send(&original, "original", 100).await);
                committed(&original).await;
                copy
            }
            First::Original => {
                let copy = start();
                all.push(send(&original, "original", 100).await);
                committed(&original).await;
                all.push(send(&copy, "copy", 100).await);
                committed(&copy).await;
                copy
            }
            First::OriginalBeforeTheCopyStarts => {
                all.push(send(&original, "original", 100).await);
                committed(&original).await;
                let copy = start();
                all.push(send(&copy, "copy", 100).await);
                committed(&copy).await;
                copy
            }
        };
        let numbers = (writer(&original).await, writer(&copy).await);
        assert_ne!(numbers.0, numbers.1, "{first:?}");
        assert_eq!(
            first == First::Copy,
            numbers.1 == number,
            "{first:?}: the second takes a new number"
        );

        // Both continue, even after a crash of the one that has a new number.
        all.push(send(&original, "more", 10).await);
        all.push(send(&copy, "copymore", 10).await);
        let (original, copy) = match first {
            First::Copy => {
                original.kill();
                (Server::start(data.path(), &BY_ROWS), copy)
            }
            _ => {
                copy.kill();
                (original, start())
            }
        };
        assert_eq!(
            (writer(&original).await, writer(&copy).await),
            numbers,
            "{first:?}"
        );
        assert!(original.terminate().success());
        assert!(copy.terminate().success());
        assert_rows(data.path(), &all).await;
    }
}

#[tokio::test]
async fn a_copy_that_was_used_while_the_original_stood_still_is_noticed_at_its_start() {
    let data = TempDir::new().expect("a folder");
    let original = Server::start(data.path(), &BY_ROWS);
    let mut all = vec![send(&original, "shared", 10).await];
    let folder = copy_of(data.path());
    all.push(send(&original, "original", 5).await);
    original.kill();
    // Two runs, because the second run of the copy continues its first, not the original.
    for run in ["one", "two"] {
        let copy = Server::start(folder.path(), &BY_ROWS);
        all.push(send(&copy, run, 10).await);
        assert!(copy.terminate().success());
    }
    let original = Server::start(data.path(), &BY_ROWS);
    assert_eq!(writer(&original).await, 2);
    all.push(send(&original, "after", 10).await);
    assert!(original.terminate().success());
    assert_rows(data.path(), &all).await;
}

/// Returns a log in the format of an earlier version: its number, and a segment whose next position is `next`.
async fn earlier_log(next: u64, committed: u64) -> (TempDir, Lake) {
    let data = TempDir::new().expect("a folder");
    let wal = data.path().join("wal");
    fs::create_dir(&wal).expect("a folder");
    fs::write(wal.join("writer"), "1").expect("written");
    let mut segment = b"LAKEWAL\x01".to_vec();
    segment.extend(next.to_le_bytes());
    fs::write(wal.join("0000000000000001.wal"), segment).expect("written");
    let lake: PathBuf = data.path().join("lake");
    let lake = Lake::open(LakeConfig::new(lake)).await.expect("a lake");
    assert_eq!(lake.new_writer().await.expect("a number"), 1);
    let position = WalPosition::new(1, committed);
    lake.append("otel_logs", &[], Some(&position))
        .await
        .expect("a commit");
    (data, lake)
}

#[tokio::test]
async fn a_number_of_an_earlier_version_is_bound_when_it_is_first_used() {
    let (data, lake) = earlier_log(8, 7).await;
    for run in ["one", "two"] {
        let server = Server::start(data.path(), &BY_ROWS);
        assert_eq!(writer(&server).await, 1);
        send(&server, run, 10).await;
        assert!(server.terminate().success());
    }
    let mark = lake
        .wal_marks("otel_logs")
        .await
        .expect("marks")
        .remove(&1)
        .expect("a mark");
    assert_eq!((mark.position, mark.sessions.len()), (27, 2));
    assert_eq!(rows(data.path(), "otel_logs", "Body").await.len(), 20);
}

#[tokio::test]
async fn a_number_of_an_earlier_version_that_another_log_has_is_not_used() {
    // The lake is further than the log, so that its rows are another log's.
    let (data, _lake) = earlier_log(8, 70).await;
    let server = Server::start(data.path(), &BY_ROWS);
    assert_eq!(writer(&server).await, 2);
    let all = send(&server, "row", 10).await;
    assert!(server.terminate().success());
    assert_rows(data.path(), &[all]).await;
}
