//! Commits: appended rows are in the table exactly once, and the version hint names the commit.

use std::collections::BTreeMap;

use crate::common::{DAY, MARCH_10, SECOND, lake, rows};
use lakefront_lake::{Lake, LakeConfig, WalPosition};
use lakefront_otel::tables;

#[tokio::test(flavor = "multi_thread")]
async fn every_table_takes_rows_by_day() {
    let (_folder, lake) = lake().await;
    for table in tables() {
        let batch = rows(table.name, 0, 1_000, |n| {
            MARCH_10 + (n % 3) * DAY + (1_000 - n) * SECOND
        });
        let files = lake.write(table.name, batch).await.unwrap();
        assert_eq!(files.len(), 3, "{}: one file a day", table.name);
        lake.append(table.name, &files, None).await.unwrap().unwrap();
        let found = lake.files(table.name).await.unwrap();
        assert_eq!(
            found.iter().map(|file| file.file.record_count()).sum::<u64>(),
            1_000
        );
        assert!(found.iter().all(|file| file.sequence_number == 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_position_is_committed_with_its_rows_and_never_twice() {
    let (folder, lake) = lake().await;
    let writer = lake.new_writer().await.unwrap();
    let files = lake
        .write("otel_logs", rows("otel_logs", 0, 10, |_| MARCH_10))
        .await
        .unwrap();
    let wal = WalPosition::new(writer, 42);
    assert!(
        lake.append("otel_logs", &files, Some(&wal))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(lake.append("otel_logs", &files, Some(&wal)).await.unwrap(), None);

    let again = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    assert_eq!(
        again.wal_positions("otel_logs").await.unwrap(),
        BTreeMap::from([(writer, 42)])
    );
    assert_eq!(again.files("otel_logs").await.unwrap().len(), 1);
    assert_ne!(again.new_writer().await.unwrap(), writer);
}
