//! The first day of which a table has a row, from the bounds that its manifest list has of each manifest's partitions.
//!
//! <https://iceberg.apache.org/spec/#manifest-lists>

use chdb_rust::format::OutputFormat;
use jiff::civil::Date;

use crate::engine::Own;

/// Reads it with the table function `list` over the manifest list. None where the table has no rows, or its manifest list can't be read: nobody depends on knowing it.
///
/// The engine reads the list, which saves a reader of Avro: a few kilobytes, however large the table is.
pub fn read(reader: &Own, table: &str, list: &str) -> Option<Date> {
    // A partition by day holds whole days since 1970, and its bounds are four bytes, the lowest first.
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
