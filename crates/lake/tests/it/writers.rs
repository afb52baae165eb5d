//! With several writers at once, and writers that are killed, no row is lost or doubled.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{MARCH_10, lake, rows};
use lakefront_lake::{Lake, LakeConfig, WalPosition};

const ROWS: usize = 3;
/// Environment variable with the folder of the lake, for a child process.
const CHILD: &str = "LAKEFRONT_TEST_LAKE";

/// Appends rows under a log position.
async fn append(lake: &Lake, writer: u16, position: u64) {
    let first = (i64::from(writer) << 48) + position as i64 * ROWS as i64;
    let files = lake
        .write("otel_logs", rows("otel_logs", first, ROWS, |_| MARCH_10))
        .await
        .unwrap();
    lake.append("otel_logs", &files, Some(&WalPosition::new(writer, position)))
        .await
        .unwrap();
}

/// Returns the number of rows of the current snapshot and the paths of its files.
async fn content(lake: &Lake) -> (u64, BTreeSet<String>) {
    let files = lake.files("otel_logs").await.unwrap();
    let rows = files.iter().map(|file| file.file.record_count()).sum();
    let paths: BTreeSet<String> = files
        .iter()
        .map(|file| file.file.file_path().to_owned())
        .collect();
    assert_eq!(paths.len(), files.len(), "no file is listed twice");
    (rows, paths)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_lakes_append_at_once() {
    const COMMITS: u64 = 40;
    let (folder, _lake) = lake().await;
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let folder = folder.path().to_owned();
            tokio::spawn(async move {
                let lake = Lake::open(LakeConfig::new(folder)).await.unwrap();
                let writer = lake.new_writer().await.unwrap();
                for position in 0..COMMITS {
                    append(&lake, writer, position).await;
                }
                (writer, COMMITS - 1)
            })
        })
        .collect();
    let mut positions = Vec::new();
    for writer in writers {
        positions.push(writer.await.unwrap());
    }
    let lake = Lake::open(LakeConfig {
        keep_unreferenced: Duration::ZERO,
        ..LakeConfig::new(folder.path())
    })
    .await
    .unwrap();
    let strays = lake.remove_orphan_files("otel_logs").await.unwrap();
    assert_eq!(strays, 0, "attempts that were not first leave nothing");
    let (rows, paths) = content(&lake).await;
    assert_eq!(rows, 2 * COMMITS * ROWS as u64);
    assert_eq!(paths.len() as u64, 2 * COMMITS);
    let committed: Vec<_> = lake
        .wal_positions("otel_logs")
        .await
        .unwrap()
        .into_iter()
        .collect();
    positions.sort_unstable();
    assert_eq!(committed, positions);
}

/// The program of the child process: it commits until it is killed, and prints each committed position.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as a child process of the test below"]
async fn child_that_commits_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let lake = Lake::open(LakeConfig::new(PathBuf::from(folder))).await.unwrap();
    let next = lake
        .wal_positions("otel_logs")
        .await
        .unwrap()
        .get(&1)
        .map_or(0, |position| position + 1);
    for position in next.. {
        append(&lake, 1, position).await;
        println!("committed {position}");
    }
}

/// Starts a child and kills it after `commits` commits, in the middle of its work. Returns the last position that it
/// reported.
fn run_and_kill(folder: &Path, commits: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "writers::child_that_commits_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut reported = lines.filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
    let last = reported
        .nth(commits - 1)
        .expect("the child commits until it is killed");
    child.kill().unwrap();
    child.wait().unwrap();
    // The child may have reported more positions before it died.
    reported.last().unwrap_or(last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_leaves_whole_commits_only() {
    let (folder, lake) = lake().await;
    for round in 0..6 {
        let path = folder.path().to_owned();
        let reported = tokio::task::spawn_blocking(move || run_and_kill(&path, 2 + round))
            .await
            .unwrap();
        let position = lake.wal_positions("otel_logs").await.unwrap()[&1];
        assert!(
            position == reported || position == reported + 1,
            "{reported} reported, {position} committed"
        );
        let (rows, paths) = content(&lake).await;
        assert_eq!(rows, (position + 1) * ROWS as u64);
        for path in paths {
            assert!(
                Path::new(path.trim_start_matches("file://")).is_file(),
                "{path} is on disk"
            );
        }
    }
}
