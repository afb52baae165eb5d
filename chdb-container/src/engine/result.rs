//! The result of a statement, and its limit on bytes.

use std::time::Duration;

use chdb_rust::insert_stream::WriteStats;
use chdb_rust::query_result::QueryResult;
use lakefront_clickhouse_http::{Exception, code};

use super::truncate;
use crate::access::Profile;

/// The limit that cut a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruncatedBy {
    /// The limit on rows.
    Rows,
    /// The limit on bytes.
    Bytes,
}

/// The result of a statement, with its statistics.
#[derive(Debug, Clone)]
pub struct Output {
    /// The result, in the format that `format` names.
    pub bytes: Vec<u8>,
    /// The number of rows of the result.
    pub rows: u64,
    /// The bytes of the result in the engine's memory.
    pub result_bytes: u64,
    /// Rows read from the lake.
    pub rows_read: u64,
    /// Bytes read from the lake, uncompressed.
    pub bytes_read: u64,
    /// Rows written, including those that materialized views wrote for the insert.
    pub rows_written: u64,
    /// Bytes written, uncompressed.
    pub bytes_written: u64,
    /// Requests to the lake's object store during the statement, if the lake is on one.
    pub store_requests: Option<u64>,
    /// Time since the lake's catalog was last read, for an engine over a lake.
    pub lake_age: Option<Duration>,
    /// The run time that the engine reports.
    pub elapsed: Duration,
    /// The limit that cut the result, if one did.
    pub truncated: Option<TruncatedBy>,
    /// The name of the result's format.
    pub format: String,
}

impl Output {
    /// Copies a result of the engine. If the result has too many bytes and may be cut, it ends after the last row that
    /// fits.
    ///
    /// # Errors
    /// `TOO_MANY_ROWS_OR_BYTES` if the result has too many bytes and may not be cut, or if its format's rows can't be
    /// separated. chDB ignores `max_result_bytes`, so the limit is applied here.
    pub(super) fn new(
        result: &QueryResult,
        format: &str,
        profile: &Profile,
        may_cut: bool,
    ) -> Result<Self, Exception> {
        let (whole, most) = (result.data_ref(), profile.max_result_bytes);
        let rows = result.rows_read();
        let mut truncated = (rows > profile.max_result_rows).then_some(TruncatedBy::Rows);
        let (bytes, rows) = if whole.len() as u64 <= most {
            (whole.to_vec(), rows)
        } else {
            truncated = Some(TruncatedBy::Bytes);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let cut = if may_cut {
                truncate::rows(whole, format, most)
            } else {
                None
            };
            cut.ok_or_else(|| too_long(whole.len(), most))?
        };
        Ok(Self {
            bytes,
            rows,
            result_bytes: result.bytes_read(),
            rows_read: result.storage_rows_read(),
            bytes_read: result.storage_bytes_read(),
            rows_written: result.rows_written(),
            bytes_written: result.bytes_written(),
            store_requests: None,
            lake_age: None,
            elapsed: result.elapsed(),
            truncated,
            format: format.to_owned(),
        })
    }

    /// Returns the output of an insert: no rows, and the statistics of what was written.
    pub(super) fn of_insert(stats: &WriteStats) -> Self {
        Self {
            rows_written: stats.rows_written,
            bytes_written: stats.bytes_written,
            elapsed: stats.elapsed,
            ..Self::nothing()
        }
    }

    /// Returns the output of a statement without a result.
    pub fn nothing() -> Self {
        Self {
            bytes: Vec::new(),
            rows: 0,
            result_bytes: 0,
            rows_read: 0,
            bytes_read: 0,
            rows_written: 0,
            bytes_written: 0,
            store_requests: None,
            lake_age: None,
            elapsed: Duration::ZERO,
            truncated: None,
            format: "TabSeparated".into(),
        }
    }
}

pub(super) fn too_many_rows(most: u64) -> Exception {
    let message = format!(
        "Limit for result exceeded, max rows: {most}. Add a LIMIT, or set result_overflow_mode=break to get the first rows"
    );
    Exception::of(code::TOO_MANY_ROWS_OR_BYTES, message)
}

fn too_long(length: usize, most: usize) -> Exception {
    let message = format!(
        "Limit for result exceeded, max bytes: {most}, current bytes: {length}. Select fewer columns or rows. With \
         result_overflow_mode=break these formats are cut: JSONCompact, JSONEachRow, JSONCompactEachRow, TabSeparated"
    );
    Exception::of(code::TOO_MANY_ROWS_OR_BYTES, message)
}
