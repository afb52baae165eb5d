//! The files of a table that may have rows of some times, by the bounds in its manifests.
//!
//! <https://iceberg.apache.org/spec/#manifests>

use chdb_rust::format::OutputFormat;

use crate::Error;
use crate::chdb::InternalConnection;

/// The sum of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// How many files.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their size.
    pub bytes: u64,
    /// The files of the days of these times. The engine opens all of them, because it skips files by their day alone.
    pub opened: u64,
}

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The most manifests of a table that are read. The lake's writer keeps fewer.
const MAX_MANIFESTS: usize = 500;

/// Returns the locations of the manifests whose partitions may have rows within `times`. `list` is the engine's table
/// function over the manifest list.
///
/// # Errors
/// The engine's exception if the list can't be read.
pub fn manifests(reader: &InternalConnection, list: &str, times: (i64, i64)) -> Result<Vec<String>, Error> {
    // A partition bound is the number of days since 1970-01-01, as four bytes, little-endian.
    let day = |bound: &str| format!("reinterpretAsInt32(assumeNotNull(partitions[1].{bound}))");
    let (first, last) = days(times);
    reader.column(&format!(
        "SELECT manifest_path FROM {list} \
         WHERE content = 0 AND added_files_count + existing_files_count > 0 AND {} >= {first} AND {} <= {last} LIMIT {MAX_MANIFESTS}",
        day("upper_bound"),
        day("lower_bound"),
    ))
}

/// Returns the first and the last day of some times, in days since 1970.
fn days((from, to): (i64, i64)) -> (i64, i64) {
    (from.div_euclid(DAY), to.saturating_sub(1).div_euclid(DAY))
}

/// Counts the files of manifests whose time column may have values within `times`. `manifests` are table functions of the
/// engine, `column` is the id of the time column.
///
/// # Errors
/// The engine's exception if a manifest can't be read.
pub fn count(
    reader: &InternalConnection,
    manifests: &[String],
    column: i32,
    (from, to): (i64, i64),
) -> Result<Files, Error> {
    if manifests.is_empty() {
        return Ok(Files::default());
    }
    let of_manifest = |manifest: &String| format!("SELECT status, data_file FROM {manifest}");
    let entries: Vec<_> = manifests.iter().map(of_manifest).collect();
    let entries = entries.join(" UNION ALL ");
    // A bound is the microseconds since 1970, as eight bytes, little-endian. A file without bounds may have any time.
    let bound = |bounds: &str| format!("arrayFirst(bound -> bound.1 = {column}, data_file.{bounds}).2");
    let (first, last) = days((from, to));
    let sql = format!(
        "SELECT countIf(is_of_times), sumIf(rows, is_of_times), sumIf(bytes, is_of_times), count() FROM (\
           SELECT rows, bytes, (low = '' OR reinterpretAsInt64(low) < {to}) AND (high = '' OR reinterpretAsInt64(high) >= {from}) AS is_of_times \
           FROM (\
             SELECT data_file.record_count AS rows, data_file.file_size_in_bytes AS bytes, {} AS low, {} AS high \
             FROM ({entries}) WHERE status != 2 AND data_file.content = 0) \
           WHERE low = '' OR floor(reinterpretAsInt64(low) / {DAY}) BETWEEN {first} AND {last})",
        bound("lower_bounds"),
        bound("upper_bounds"),
    );
    let answer = reader.query(&sql, OutputFormat::TabSeparatedRaw)?;
    let text = answer.data_utf8_lossy();
    let mut sums = text.trim().split('\t').map(|sum| sum.parse().unwrap_or(0));
    let mut sum = || sums.next().unwrap_or(0);
    Ok(Files {
        files: sum(),
        rows: sum(),
        bytes: sum(),
        opened: sum(),
    })
}
