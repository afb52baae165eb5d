//! Other implementations of Iceberg read the same rows from the tables.

use std::path::Path;

use crate::common::{DAY, MARCH_10, SECOND, lake, python, rows, run_python};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::tables;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_and_pyiceberg_read_every_column_of_every_table() {
    let (folder, lake) = lake().await;
    let time = |n: i64| MARCH_10 + (n % 5) * DAY + n * SECOND;
    for table in tables() {
        // More commits than a table has manifests, so that merged ones are read too.
        for commit in 0..12 {
            let batch = rows(table.name, commit * 50, 50, time);
            let files = lake.write(table.name, batch).await.unwrap();
            lake.append(table.name, &files, None).await.unwrap().unwrap();
        }
        let all = rows(table.name, 0, 600, time);
        let columns = all
            .schema()
            .fields()
            .iter()
            .zip(all.columns())
            .map(|(field, column)| (field.name().clone(), summary(column)))
            .collect();
        let expected = json!({"rows": 600, "columns": Value::Object(columns)});
        for reader in ["duckdb", "pyiceberg"] {
            assert_eq!(
                read(folder.path(), &[reader], table.name),
                expected,
                "{reader}, {}",
                table.name
            );
        }
        let day = read_range(
            folder.path(),
            table.name,
            "2026-03-12T00:00:00+00:00",
            "2026-03-13T00:00:00+00:00",
        );
        assert_eq!(day, json!({"files": 12}), "a day's rows are in one file a commit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_written_after_another_program_added_columns() {
    let (folder, lake) = lake().await;
    let append = async |lake: &Lake, first| {
        let batch = rows("otel_logs", first, 50, |n| MARCH_10 + n * SECOND);
        let files = lake.write("otel_logs", batch).await.unwrap();
        lake.append("otel_logs", &files, None).await.unwrap().unwrap();
    };
    append(&lake, 0).await;
    let path = folder.path().to_str().unwrap();
    let catalog = json!({"type": "sql", "uri": format!("sqlite:///{path}/catalog.db")}).to_string();
    for column in [["Region", "string"], ["Place", "struct"]] {
        let arguments = [&[catalog.as_str(), "add-column"][..], &column[..]].concat();
        run_python("../../../../tests/python/rewrite.py", &arguments);
    }
    // The open lake goes on, and so does one that is opened with the new columns.
    append(&lake, 50).await;
    let lake = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    append(&lake, 100).await;
    for reader in ["duckdb", "pyiceberg"] {
        let read = read(folder.path(), &[reader], "otel_logs");
        assert_eq!(read["rows"], 150, "{reader}");
        assert_eq!(read["columns"]["Region"]["values"], 0, "{reader}");
    }
}

fn read(lake: &Path, reader: &[&str], table: &str) -> Value {
    python("readers.py", &[reader, &[lake.to_str().unwrap(), table]].concat())
}

fn read_range(lake: &Path, table: &str, from: &str, to: &str) -> Value {
    python(
        "readers.py",
        &["pyiceberg", lake.to_str().unwrap(), table, from, to],
    )
}

/// Returns the same sums as `summary` in readers.py.
fn summary(column: &ArrayRef) -> Value {
    let values = column.len() - column.null_count();
    match column.data_type() {
        DataType::Map(..) => {
            let map = column.as_map();
            json!({"entries": map.keys().len(), "keys": summary(map.keys()), "values": summary(map.values())})
        }
        DataType::List(_) => {
            let elements = column.as_list::<i32>().values();
            json!({"elements": elements.len(), "values": summary(elements)})
        }
        DataType::Utf8 => json!({"values": values, "bytes": column.as_string::<i32>().value_data().len()}),
        DataType::Boolean => json!({"values": values, "sum": column.as_boolean().true_count()}),
        DataType::Int32 => {
            json!({"values": values, "sum": column.as_primitive::<Int32Type>().values().iter().map(|n| i64::from(*n)).sum::<i64>()})
        }
        DataType::Int64 => {
            json!({"values": values, "sum": column.as_primitive::<Int64Type>().values().iter().sum::<i64>()})
        }
        DataType::Float64 => {
            json!({"values": values, "sum": column.as_primitive::<Float64Type>().values().iter().sum::<f64>() as i64})
        }
        DataType::Timestamp(..) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().values();
            json!({"values": values, "sum": micros.iter().sum::<i64>()})
        }
        other => unreachable!("no table has a column of type {other}"),
    }
}
