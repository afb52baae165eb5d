//! Removal of orphan files deletes the files that killed writers leave behind, and no others.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::{MARCH_10, data_files, rows};
use lakefront_lake::{Lake, LakeConfig};
use tempfile::TempDir;

const TABLE: &str = "otel_logs";
const HOUR_MS: i64 = 3_600_000;
/// Milliseconds by which the lake's clock is ahead of that of its files.
static AHEAD: AtomicI64 = AtomicI64::new(0);

fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    i64::try_from(now).unwrap() + AHEAD.load(Ordering::Relaxed)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn only_old_files_that_no_snapshot_reaches_go() {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig {
        now_ms: clock,
        ..LakeConfig::new(folder.path())
    };
    let lake = Lake::open(config).await.unwrap();
    let write = async |first| {
        let batch = rows(TABLE, first, 10, |_| MARCH_10);
        lake.write(TABLE, batch).await.unwrap()
    };
    for n in 0..20 {
        lake.append(TABLE, &write(n * 10).await, None).await.unwrap();
    }
    // Earlier snapshots still reach the replaced files.
    let old = data_files(&lake, TABLE).await;
    let merged = lake.merge(TABLE, &old[..10]).await.unwrap();
    lake.replace(TABLE, &old[..10], &merged).await.unwrap();
    let table = folder.path().join("otel").join(TABLE);
    let reached = files(&table);

    // A writer is killed after it wrote data, after a manifest, and after the metadata file.
    write(1_000).await;
    for name in ["0-m0.avro", "snap-0-0.avro", "00099-0.metadata.json"] {
        std::fs::write(table.join("metadata").join(name), "never committed").unwrap();
    }
    let with_orphans = files(&table);
    assert_eq!(with_orphans.len(), reached.len() + 4);

    AHEAD.store(23 * HOUR_MS, Ordering::Relaxed);
    assert_eq!(
        lake.remove_orphan_files(TABLE).await.unwrap(),
        0,
        "they may still be committed"
    );
    assert_eq!(files(&table), with_orphans);

    AHEAD.store(25 * HOUR_MS, Ordering::Relaxed);
    assert_eq!(lake.remove_orphan_files(TABLE).await.unwrap(), 4);
    assert_eq!(files(&table), reached);
    assert_eq!(lake.remove_orphan_files(TABLE).await.unwrap(), 0);
}
