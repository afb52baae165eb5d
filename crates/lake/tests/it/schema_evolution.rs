//! Lakes whose tables were made by another version: missing columns are added, conflicting ones are refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use iceberg::spec::NestedFieldRef;
use lakefront_lake::{CompactionSettings, Error, Lake, LakeConfig, Pace};
use lakefront_otel::{ColumnType, Table};
use lakefront_tests::S3Lake;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use crate::common::{DAY, MARCH_10, NEW_YEAR, rows};

pub const TABLE: &str = "otel_logs";
const ROWS: i64 = 10;
/// Promoted columns that the older version does not have: from the middle and the end of the definition.
const ADDED: [&str; 3] = ["PagePath", "VitalValue", "IsBot"];

/// Returns the definitions of a version whose logs differ.
fn another_version(change: impl Fn(&mut Table)) -> &'static [Table] {
    let mut tables = lakefront_otel::tables().to_vec();
    tables
        .iter_mut()
        .filter(|table| table.name == TABLE)
        .for_each(change);
    Vec::leak(tables)
}

pub fn older() -> &'static [Table] {
    another_version(|table| table.columns.retain(|column| !ADDED.contains(&column.name)))
}

pub fn batch(number: i64) -> RecordBatch {
    rows(TABLE, number * ROWS, ROWS as usize, |n| MARCH_10 + n % 2 * DAY)
}

/// Returns the batch as the older version makes it.
pub fn older_batch(number: i64) -> RecordBatch {
    let batch = batch(number);
    let columns = batch.schema();
    let kept = |index: &usize| !ADDED.contains(&columns.field(*index).name().as_str());
    let indices: Vec<usize> = (0..batch.num_columns()).filter(kept).collect();
    batch.project(&indices).unwrap()
}

pub async fn append(lake: &Lake, batch: RecordBatch) {
    let files = lake.write(TABLE, batch).await.unwrap();
    lake.append(TABLE, &files, None).await.unwrap();
}

/// Returns the page path of each row by its id. `None` stands for null, and for a file without the column.
async fn page_paths(lake: &Lake) -> BTreeMap<i64, Option<String>> {
    let state = lake.state(TABLE).await.unwrap();
    let id = column(lake, "PagePath").await.map(|field| field.id.to_string());
    let mut found = BTreeMap::new();
    for file in &state.files {
        let input = lake.open_file(TABLE, state.path(file).unwrap()).await.unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(input).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let ids = batch.column_by_name("RowId").unwrap().as_primitive::<Int64Type>();
            // As other readers do, by the id.
            let is_column =
                |field: &Arc<arrow_schema::Field>| field.metadata().get("PARQUET:field_id") == id.as_ref();
            let schema = batch.schema();
            let paths = schema.fields().iter().position(is_column);
            for (row, id) in ids.values().iter().enumerate() {
                let path = paths.and_then(|index| {
                    let paths = batch.column(index).as_string::<i32>();
                    paths.iter().nth(row)?.map(str::to_owned)
                });
                assert!(found.insert(*id, path).is_none(), "row {id} twice");
            }
        }
    }
    found
}

pub async fn column(lake: &Lake, name: &str) -> Option<NestedFieldRef> {
    let schema = lake.state(TABLE).await.unwrap().schema;
    schema.field_by_name(name).cloned()
}

fn in_2100() -> i64 {
    NEW_YEAR / 1000
}

/// An older version fills a lake, and this version goes on with it.
async fn goes_on(config: LakeConfig) {
    let old_version = LakeConfig {
        tables: older(),
        ..config.clone()
    };
    let old = Lake::open(old_version.clone()).await.unwrap();
    append(&old, older_batch(0)).await;
    append(&old, older_batch(1)).await;
    assert!(column(&old, "IsBot").await.is_none());
    let before = old.state(TABLE).await.unwrap();

    let lakes = [
        Lake::open(config.clone()).await.unwrap(),
        Lake::open(config.clone()).await.unwrap(),
    ];
    assert_eq!(page_paths(&lakes[0]).await.len(), 20, "it can be read as it is");
    let (one, other) = tokio::join!(
        lakes[0].add_missing_columns(TABLE),
        lakes[1].add_missing_columns(TABLE)
    );
    one.unwrap();
    other.unwrap();
    let lake = &lakes[0];
    let after = lake.state(TABLE).await.unwrap();
    assert_eq!(after.files, before.files, "only metadata changes");
    assert_eq!(after.snapshots(), before.snapshots());
    let names: Vec<&str> = after
        .schema
        .as_struct()
        .fields()
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let columns = lakefront_otel::table(TABLE).unwrap().columns.len();
    assert_eq!(names.len(), columns, "each column once: {names:?}");
    let highest_before = before.schema.highest_field_id();
    for name in ADDED {
        let added = column(lake, name).await.unwrap();
        assert!(!added.required && added.id > highest_before, "{added:?}");
    }

    // Both versions write, also an older one that was running before, and one that starts after.
    append(lake, batch(2)).await;
    append(&old, older_batch(3)).await;
    append(&Lake::open(old_version).await.unwrap(), older_batch(4)).await;
    append(&lakes[1], batch(5)).await;
    let expected: BTreeMap<i64, Option<String>> = (0..60)
        .map(|n| {
            let by_this_version = matches!(n / ROWS, 2 | 5);
            (n, by_this_version.then(|| format!("<{}>", n % 7)))
        })
        .collect();
    assert_eq!(page_paths(lake).await, expected);

    // A compaction keeps what is there.
    let later = Lake::open(LakeConfig {
        now_ms: in_2100,
        ..config
    })
    .await
    .unwrap();
    let settings = CompactionSettings::default();
    let due = later.plan_compaction(TABLE, &settings).await.unwrap().groups;
    assert_eq!(due.len(), 2, "one a day");
    for group in due {
        later
            .compact(&group, &settings, &Arc::new(Pace::new(100)))
            .await
            .unwrap();
    }
    assert_eq!(later.files(TABLE).await.unwrap().len(), 2);
    assert_eq!(page_paths(&later).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_columns_are_added_to_a_lake_in_a_folder() {
    let folder = TempDir::new().unwrap();
    goes_on(LakeConfig::new(folder.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_columns_are_added_over_a_rest_catalog() {
    let servers = S3Lake::start().await.unwrap();
    goes_on(LakeConfig::at(servers.at().place().unwrap())).await;
}

/// A newer version made the lake, and was rolled back.
#[tokio::test]
async fn an_older_version_writes_to_a_lake_of_a_newer_one() {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig::new(folder.path());
    let new = Lake::open(config.clone()).await.unwrap();
    append(&new, batch(0)).await;
    assert!(column(&new, "PagePath").await.unwrap().required);
    let old = Lake::open(LakeConfig {
        tables: older(),
        ..config
    });
    append(&old.await.unwrap(), older_batch(1)).await;
    append(&new, batch(2)).await;
    let expected: BTreeMap<i64, Option<String>> = (0..30)
        .map(|n| (n, (n / ROWS != 1).then(|| format!("<{}>", n % 7))))
        .collect();
    assert_eq!(page_paths(&new).await, expected);
    assert!(!column(&new, "PagePath").await.unwrap().required);
}

#[tokio::test]
async fn a_column_of_another_type_is_refused_and_stops_only_writes_to_its_table() {
    let folder = TempDir::new().unwrap();
    let config = LakeConfig::new(folder.path());
    let conflicting = another_version(|table| {
        let column = table
            .columns
            .iter_mut()
            .find(|column| column.name == "VitalValue");
        column.unwrap().r#type = ColumnType::StringMap;
        let column = table
            .columns
            .iter_mut()
            .find(|column| column.name == "VitalValue");
        column.unwrap().nested_ids = vec![900, 901];
    });
    drop(
        Lake::open(LakeConfig {
            tables: conflicting,
            ..config.clone()
        })
        .await
        .unwrap(),
    );

    let lake = Lake::open(config).await.unwrap();
    let refused = lake.add_missing_columns(TABLE).await.unwrap_err();
    assert!(matches!(refused, Error::Column { .. }), "{refused:?}");
    let message = refused.to_string();
    assert!(
        message.contains("`VitalValue` of `otel_logs` is map") && message.contains("rename"),
        "{message}"
    );
    let batch = rows(TABLE, 0, 1, |_| MARCH_10);
    let refused = lake.write(TABLE, batch).await.unwrap_err();
    assert!(matches!(refused, Error::Column { .. }), "{refused:?}");
    assert!(lake.files(TABLE).await.unwrap().is_empty());

    let spans = rows("otel_traces", 0, 1, |_| MARCH_10);
    let files = lake.write("otel_traces", spans).await.unwrap();
    lake.append("otel_traces", &files, None).await.unwrap().unwrap();
}
