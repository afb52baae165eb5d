//! Compaction of tables that other programs have changed.

use std::collections::HashMap;

use iceberg::spec::{
    DataContentType, DataFileBuilder, Literal, MAIN_BRANCH, ManifestContentType, ManifestListWriter,
    ManifestWriterBuilder, Snapshot, Struct, Summary,
};
use tempfile::TempDir;

use super::*;
use crate::committed_table::CommitOutcome;
use crate::{Lake, LakeConfig, manifest_list};

const TABLE: &str = "otel_logs";

/// Commits as another program: a snapshot of that operation, with a file of position deletes if `deletes` is set.
async fn commit_foreign(lake: &Lake, operation: Operation, deletes: bool) {
    let table = lake.table(TABLE).unwrap();
    let head = table.committed().await.unwrap();
    let metadata = &head.metadata;
    let file_io = table.storage.file_io();
    let snapshot_id = i64::try_from(Uuid::new_v4().as_u128() >> 66).unwrap();
    let location = |name: &str| format!("{}/metadata/{name}-{snapshot_id}.avro", table.location);
    let current = metadata.current_snapshot().unwrap().manifest_list();
    let mut manifests = manifest_list::read(file_io, metadata, current).await.unwrap();
    if deletes {
        let file = DataFileBuilder::default()
            .content(DataContentType::PositionDeletes)
            .file_path(format!("{}/data/deletes.parquet", table.location))
            .file_format(DataFileFormat::Parquet)
            .partition(Struct::from_iter([Some(Literal::int(20_000))]))
            .partition_spec_id(table.partition_spec_id)
            .record_count(1)
            .file_size_in_bytes(1)
            .build()
            .unwrap();
        let builder = ManifestWriterBuilder::new(
            file_io.new_output(location("deletes")).unwrap(),
            Some(snapshot_id),
            metadata.current_schema().clone(),
            metadata.default_partition_spec().as_ref().clone(),
        );
        let mut writer = builder.build_v2_deletes();
        writer.add_file(file, -1).unwrap();
        let manifest = writer.write_manifest_file().await.unwrap();
        assert_eq!(manifest.content, ManifestContentType::Deletes);
        manifests.push(manifest);
    }
    let output = file_io.new_output(location("list")).unwrap();
    let number = metadata.next_sequence_number();
    let parent = metadata.current_snapshot_id();
    let mut list = ManifestListWriter::v2(output.writer().await.unwrap(), snapshot_id, parent, number);
    list.add_manifests(manifests.into_iter()).unwrap();
    list.close().await.unwrap();
    let snapshot = Snapshot::builder()
        .with_snapshot_id(snapshot_id)
        .with_parent_snapshot_id(parent)
        .with_sequence_number(number)
        .with_timestamp_ms(metadata.last_updated_ms())
        .with_manifest_list(location("list"))
        .with_summary(Summary {
            operation,
            additional_properties: HashMap::new(),
        })
        .with_schema_id(metadata.current_schema_id())
        .build();
    let builder = metadata.clone().into_builder(Some(head.location.clone()));
    let new = builder
        .set_branch_snapshot(snapshot, MAIN_BRANCH)
        .unwrap()
        .build()
        .unwrap();
    let swap = table.catalog.commit(TABLE, &head, new).await.unwrap();
    assert!(matches!(swap, CommitOutcome::Committed(_)));
}

/// Returns a data file that no test opens.
fn file(lake: &Lake, number: i64) -> DataFile {
    let table = lake.table(TABLE).unwrap();
    DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_path(format!("{}/data/{number}.parquet", table.location))
        .file_format(DataFileFormat::Parquet)
        .partition(Struct::from_iter([Some(Literal::int(20_000))]))
        .partition_spec_id(table.partition_spec_id)
        .record_count(1)
        .file_size_in_bytes(1)
        .build()
        .unwrap()
}

/// Returns a lake with 40 commits.
async fn lake() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let lake = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    for number in 0..40 {
        lake.append(TABLE, &[file(&lake, number)], None).await.unwrap();
    }
    (folder, lake)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_delete_files_is_left_alone_also_between_plan_and_commit() {
    let (_folder, lake) = lake().await;
    let settings = CompactionSettings::default();
    let plan = lake.plan_compaction(TABLE, &settings).await.unwrap();
    assert_eq!(plan.left_alone, None);
    commit_foreign(&lake, Operation::Delete, true).await;
    let old: Vec<DataFile> = plan.groups[0]
        .files
        .iter()
        .map(|file| file.file.clone())
        .collect();
    let refused = lake.replace(TABLE, &old, &[file(&lake, 100)]).await;
    assert!(matches!(refused, Err(Error::Unreadable { .. })), "{refused:?}");
    let plan = lake.plan_compaction(TABLE, &settings).await.unwrap();
    assert!(plan.groups.is_empty());
    assert!(plan.left_alone.unwrap().contains("delete files"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_its_catalog_compacts_is_left_to_the_catalog() {
    let (_folder, lake) = lake().await;
    commit_foreign(&lake, Operation::Replace, false).await;
    let plan = lake
        .plan_compaction(TABLE, &CompactionSettings::default())
        .await
        .unwrap();
    assert!(plan.groups.is_empty());
    assert!(plan.left_alone.unwrap().contains("another program"));
}
