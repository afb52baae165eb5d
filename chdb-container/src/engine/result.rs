use std::time::Duration;

use chdb_rust::insert_stream::WriteStats;
use chdb_rust::query_result::QueryResult;
use lakefront_clickhouse_http::Exception;

use super::cut;
use crate::access::Profile;

/// The limit that cut a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Of rows.
    Rows,
    /// Of bytes.
    Bytes,
}

/// What a query returned.
#[derive(Debug, Clone)]
pub struct Output {
    /// The result, in the format asked for.
    pub bytes: Vec<u8>,
    /// Its rows.
    pub rows: u64,
    /// Its bytes in the engine's memory.
    pub result_bytes: u64,
    /// Rows read from the lake.
    pub rows_read: u64,
    /// Bytes read from the lake, uncompressed.
    pub bytes_read: u64,
    /// Rows written, those of views that read the insert among them.
    pub rows_written: u64,
    /// Bytes written, uncompressed.
    pub bytes_written: u64,
    /// Requests to the lake's object store while it ran, if there is one.
    pub store_requests: Option<u64>,
    /// How long the engine says it took.
    pub elapsed: Duration,
    /// Which limit cut the result.
    pub truncated: Option<Cut>,
    /// The name of the format it is in.
    pub format: String,
}

impl Output {
    /// Takes a result over. If it may be cut, its rows end where there are too many bytes of them.
    ///
    /// # Errors
    /// `TOO_MANY_ROWS_OR_BYTES` when it has too many bytes and may not be cut, or is in a format whose rows can't be. chDB
    /// ignores `max_result_bytes`.
    pub(super) fn new(
        result: &QueryResult,
        format: &str,
        profile: &Profile,
        may_cut: bool,
    ) -> Result<Self, Exception> {
        let (whole, most) = (result.data_ref(), profile.max_result_bytes);
        let rows = result.rows_read();
        let mut truncated = (rows > profile.max_result_rows).then_some(Cut::Rows);
        let (bytes, rows) = if whole.len() as u64 <= most {
            (whole.to_vec(), rows)
        } else {
            truncated = Some(Cut::Bytes);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let cut = if may_cut {
                cut::rows(whole, format, most)
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
            elapsed: result.elapsed(),
            truncated,
            format: format.to_owned(),
        })
    }

    /// What an insert of rows returns: nothing, and how much was written.
    pub(super) fn of_insert(stats: &WriteStats) -> Self {
        Self {
            rows_written: stats.rows_written,
            bytes_written: stats.bytes_written,
            elapsed: stats.elapsed,
            ..Self::nothing()
        }
    }

    /// The output of a statement that returns nothing.
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
    Exception::new(396, "TOO_MANY_ROWS_OR_BYTES", message)
}

fn too_long(length: usize, most: usize) -> Exception {
    let message = format!(
        "Limit for result exceeded, max bytes: {most}, current bytes: {length}. Select fewer columns or rows. With \
         result_overflow_mode=break these formats are cut: JSONCompact, JSONEachRow, JSONCompactEachRow, TabSeparated"
    );
    Exception::new(396, "TOO_MANY_ROWS_OR_BYTES", message)
}

/// The engine's exception, which chDB hands over as text.
pub(crate) fn exception(error: &chdb_rust::error::Error) -> Exception {
    let text = error.to_string();
    Exception::find(&text).unwrap_or_else(|| Exception::new(1001, "STD_EXCEPTION", text))
}
