//! The first day for which a table has rows, from the partition bounds in its manifest list.
//!
//! <https://iceberg.apache.org/spec/#manifest-lists>

use chdb_rust::format::OutputFormat;
use jiff::civil::Date;

use crate::chdb::InternalConnection;

/// Returns the first day for which a table has rows. `list` is the engine's table function over the manifest list.
///
/// Returns `None` if the table has no rows, or if the manifest list can't be read; the day is informational only. The
/// engine reads the list, so this crate needs no Avro reader. The list takes a few kilobytes, however large the table
/// is.
pub fn read(reader: &InternalConnection, table: &str, list: &str) -> Option<Date> {
    // A partition bound is the number of days since 1970-01-01, as four bytes, little-endian.
    let sql = format!(
        "SELECT toDate32(min(reinterpretAsInt32(assumeNotNull(partitions[1].lower_bound)))) \
         FROM {list} \
         WHERE content = 0 AND added_files_count + existing_files_count > 0 HAVING count() > 0"
    );
    match reader.query(&sql, OutputFormat::TabSeparatedRaw) {
        Ok(answer) => answer.data_utf8_lossy().trim().parse().ok(),
        Err(error) => {
            tracing::warn!(table, %error, "the first day of a table can't be read from its manifest list");
            None
        }
    }
}
