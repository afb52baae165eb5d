//! Helpers of the tests: lakes, and rows for every table, generated from its schema.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, MapArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use lakefront_lake::{DataFile, Lake, LakeConfig};
use tempfile::TempDir;

/// 2026-03-10T00:00:00Z in microseconds.
pub const MARCH_10: i64 = 1_773_100_800_000_000;
/// 2100-01-01T00:00:00Z in microseconds. Clocks that a test sets start here, because the timestamps of a table must not
/// decrease.
pub const NEW_YEAR: i64 = 4_102_444_800_000_000;
/// A second in microseconds.
pub const SECOND: i64 = 1_000_000;
/// A day in microseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// Returns a lake in a folder that is deleted with the test.
pub async fn lake() -> (TempDir, Lake) {
    let folder = TempDir::new().unwrap();
    let lake = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    (folder, lake)
}

/// Returns the data files of the table's current snapshot.
pub async fn data_files(lake: &Lake, table: &str) -> Vec<DataFile> {
    let files = lake.files(table).await.unwrap();
    files.into_iter().map(|file| file.file).collect()
}

/// Returns rows `first..first + count` of a table, row `n` at `time(n)`.
///
/// `RowId` is `n`; every other value is a small function of `n`: lists and maps have `n % 3` elements, numbers are `n`
/// (elements of lists `n`, `n + 1`), strings `<n % 7>`.
pub fn rows(table: &str, first: i64, count: usize, time: impl Fn(i64) -> i64) -> RecordBatch {
    let table = lakefront_otel::table(table).unwrap();
    let schema = lakefront_otel::arrow::arrow_schema(table);
    let numbers: Vec<i64> = (first..).take(count).collect();
    let columns = schema.fields().iter().map(|field| {
        if field.name() == table.time_column {
            times(numbers.iter().map(|n| time(*n)).collect())
        } else {
            values(field.data_type(), &numbers)
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

fn times(micros: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("+00:00"))
}

fn values(data_type: &DataType, numbers: &[i64]) -> ArrayRef {
    let numbers_of = |lengths: &[usize]| -> Vec<i64> {
        numbers
            .iter()
            .zip(lengths)
            .flat_map(|(n, length)| (0..*length as i64).map(move |i| n + i))
            .collect()
    };
    let lengths: Vec<usize> = numbers.iter().map(|n| n.rem_euclid(3) as usize).collect();
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(lengths.iter().copied());
    match data_type {
        DataType::Boolean => Arc::new(BooleanArray::from_iter(numbers.iter().map(|n| Some(n % 2 == 0)))),
        DataType::Int32 => Arc::new(Int32Array::from_iter_values(numbers.iter().map(|n| *n as i32))),
        DataType::Int64 => Arc::new(Int64Array::from(numbers.to_vec())),
        DataType::Float64 => Arc::new(Float64Array::from_iter_values(numbers.iter().map(|n| *n as f64))),
        DataType::Utf8 => Arc::new(StringArray::from_iter_values(
            numbers.iter().map(|n| format!("<{}>", n.rem_euclid(7))),
        )),
        DataType::Timestamp(..) => times(numbers.iter().map(|n| MARCH_10 + n).collect()),
        DataType::List(element) => {
            let elements = values(element.data_type(), &numbers_of(&lengths));
            Arc::new(ListArray::new(Arc::clone(element), offsets, elements, None))
        }
        DataType::Map(entry, sorted) => {
            let DataType::Struct(fields) = entry.data_type() else {
                unreachable!("entries of maps are structs")
            };
            let numbers = numbers_of(&lengths);
            let columns = fields
                .iter()
                .map(|field| values(field.data_type(), &numbers))
                .collect();
            let entries = StructArray::new(fields.clone(), columns, None);
            Arc::new(MapArray::new(Arc::clone(entry), offsets, entries, None, *sorted))
        }
        other => unreachable!("no table has a column of type {other}"),
    }
}

/// Runs a Python script of this folder with arguments, and parses the JSON that it prints.
pub fn python(script: &str, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&run_python(script, arguments)).unwrap()
}

/// Runs a Python script, whose path is relative to this folder, and returns what it prints.
pub fn run_python(script: &str, arguments: &[&str]) -> Vec<u8> {
    let python = std::env::var("LAKEFRONT_PYTHON").expect(
        "LAKEFRONT_PYTHON must name the Python that has what tests/requirements.txt lists: run `cargo xtask test`",
    );
    let script = std::path::Path::new("tests/it").join(script);
    let output = std::process::Command::new(python)
        .arg(script)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
