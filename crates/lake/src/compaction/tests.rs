//! Compaction of tables that other programs have changed.

use std::cell::Cell;
use std::collections::HashMap;

use iceberg::spec::{
    DataContentType, DataFileBuilder, Literal, MAIN_BRANCH, ManifestContentType, ManifestListWriter,
    ManifestWriterBuilder, Snapshot, Struct, Summary,
};
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use tempfile::TempDir;

use super::*;
use crate::committed_table::CommitOutcome;
use crate::{Lake, LakeConfig, manifest_list, schema_evolution};

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

/// A row group is work of up to a second. Requests that are acknowledged meanwhile would wait for it.
#[tokio::test]
async fn a_rewrite_rests_after_each_column_and_ends_there_when_it_is_stopped() {
    let folder = TempDir::new().unwrap();
    let lake = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    let table = lake.table(TABLE).unwrap();
    let mut logs = LogsBuilder::new();
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: vec![LogRecord::default()],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    let context = RequestContext {
        sender: None,
        user_agent: "",
        country: "",
        arrival: 0,
    };
    logs.append(&request, &context, 1).unwrap();
    let schema = schema_evolution::writable_schema(table).await.unwrap();
    let batch = write::conform(table, &schema, &logs.finish()).unwrap();
    let columns = batch.num_columns();

    let rests = Cell::new(0);
    let rest = |most: usize| {
        rests.set(rests.get() + 1);
        match rests.get() > most {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    };
    let mut writer = write::DataFileWriter::create(table, &schema, 0, 1).unwrap();
    writer.write(&batch, None, || rest(columns)).unwrap();
    assert_eq!(rests.get(), columns);
    writer.close().unwrap();

    rests.set(0);
    let mut writer = write::DataFileWriter::create(table, &schema, 0, 1).unwrap();
    let stopped = writer.write(&batch, None, || rest(3));
    assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    assert_eq!(rests.get(), 4);
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
