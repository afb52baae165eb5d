use std::collections::HashMap;

use iceberg::spec::{DataContentType, DataFileBuilder, DataFileFormat, Datum, Literal, Struct};
use tempfile::TempDir;

use super::*;
use crate::{Lake, LakeConfig, manifest_list};

const TABLE: &str = "otel_logs";

/// Returns a data file of one of three closed days. The test never opens it.
fn file(lake: &Lake, number: i64) -> DataFile {
    let table = lake.table(TABLE).unwrap();
    let day = 20_000 + i32::try_from(number % 3).unwrap();
    DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_path(format!("{}/data/{number}.parquet", table.location))
        .file_format(DataFileFormat::Parquet)
        .partition(Struct::from_iter([Some(Literal::int(day))]))
        .partition_spec_id(table.partition_spec_id)
        .record_count(7)
        .file_size_in_bytes(700)
        .lower_bounds(HashMap::from([(1, Datum::timestamptz_micros(number))]))
        .upper_bounds(HashMap::from([(1, Datum::timestamptz_micros(number + 1))]))
        .sort_order_id(table.sort_order_id)
        .build()
        .unwrap()
}

/// Asserts that the cache holds the entries of all current manifests, equal to those in the files.
async fn assert_cached(lake: &Lake) {
    let table = lake.table(TABLE).unwrap();
    let file_io = table.storage.file_io();
    let metadata = table.committed().await.unwrap().metadata;
    let list = metadata.current_snapshot().unwrap().manifest_list();
    for manifest in manifest_list::read(file_io, &metadata, list).await.unwrap() {
        let read = live_entries(file_io, &manifest).await.unwrap();
        if read.is_empty() {
            continue;
        }
        let cached = table.entries.0.get(&manifest.manifest_path).unwrap();
        assert_eq!(cached.len(), read.len());
        for (cached, read) in cached.iter().zip(&read) {
            let as_read = ManifestEntry {
                // The cache keeps the status that an entry had when it was written. No code of the lake reads the
                // status.
                status: read.status,
                ..ManifestEntry::clone(cached)
            };
            assert_eq!(as_read, **read);
        }
    }
}

#[tokio::test]
async fn cached_entries_equal_those_of_the_files() {
    let folder = TempDir::new().unwrap();
    let lake = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    for number in 0..40 {
        lake.append(TABLE, &[file(&lake, number)], None).await.unwrap();
        assert_cached(&lake).await;
    }
    let old: Vec<DataFile> = [3, 6, 9].map(|number| file(&lake, number)).into();
    lake.replace(TABLE, &old, &[file(&lake, 60)]).await.unwrap();
    assert_cached(&lake).await;
    lake.append(TABLE, &[file(&lake, 61)], None).await.unwrap();
    assert_cached(&lake).await;
}
