//! Readers by version hint ignore metadata files that are beside the current one and were never committed.

use std::path::Path;

use crate::common::{MARCH_10, lake, python, rows};
use lakefront_lake::{Lake, LakeConfig};
use tempfile::TempDir;

async fn append(lake: &Lake, first: i64, count: usize) {
    let files = lake
        .write("otel_logs", rows("otel_logs", first, count, |_| MARCH_10))
        .await
        .unwrap();
    lake.append("otel_logs", &files, None).await.unwrap().unwrap();
}

fn rows_by_hint(lake: &Path) -> u64 {
    python("readers.py", &["duckdb", lake.to_str().unwrap(), "otel_logs"])["rows"]
        .as_u64()
        .unwrap()
}

/// Returns the version numbers of the metadata files, ascending.
fn versions(lake: &Path) -> Vec<u32> {
    let names = std::fs::read_dir(lake.join("otel/otel_logs/metadata")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<u32> = names
        .filter(|name| name.ends_with(".metadata.json"))
        .map(|name| name.split('-').next().unwrap().parse().unwrap())
        .collect();
    versions.sort_unstable();
    versions
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_ignore_metadata_that_was_never_committed() {
    let (folder, lake) = lake().await;
    append(&lake, 0, 10).await;

    // A second catalog has the same table. Its commits are not in the table.
    let other = TempDir::new().unwrap();
    for name in ["catalog.db", "catalog.db-wal"] {
        std::fs::copy(folder.path().join(name), other.path().join(name)).unwrap();
    }
    let stray = Lake::open(LakeConfig::new(other.path())).await.unwrap();
    append(&stray, 100, 1_000).await;
    append(&stray, 2_000, 1_000).await;
    append(&lake, 10, 5).await;
    assert_eq!(
        versions(folder.path()),
        [0, 1, 2, 2, 3],
        "a loser of the same number and an orphan of a higher one"
    );
    assert_eq!(rows_by_hint(folder.path()), 15);

    // A wrong hint is corrected too, because every start renews it.
    append(&stray, 3_000, 1_000).await;
    assert_eq!(rows_by_hint(folder.path()), 3_010);
    let again = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    assert_eq!(rows_by_hint(folder.path()), 15);
    assert_eq!(again.files("otel_logs").await.unwrap().len(), 2);
}
