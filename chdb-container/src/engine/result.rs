use std::time::Duration;

use chdb_rust::query_result::QueryResult;
use lakefront_clickhouse_http::Exception;

use crate::config::Limits;

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
    /// How long the engine says it took.
    pub elapsed: Duration,
    /// Whether a limit cut the result, and which.
    pub truncated: Option<Truncated>,
    /// The name of the format it is in.
    pub format: String,
}

/// Which limit cut a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// There were more rows than are welcome.
    Rows,
    /// Its blocks crossed the limit on bytes.
    Bytes,
}

impl Truncated {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Bytes => "bytes",
        }
    }
}

/// How many bytes of text a byte of a column may become; JSON with its names takes a few.
const TEXT_PER_BYTE: u64 = 4;

impl Output {
    /// Takes a result over.
    ///
    /// # Errors
    /// `TOO_MANY_ROWS_OR_BYTES` when its text is far longer than its columns were: those of one repeated value take no room.
    pub(super) fn new(result: &QueryResult, format: &str, limits: &Limits) -> Result<Self, Exception> {
        let (length, most) = (
            result.data_ref().len() as u64,
            limits.max_result_bytes.saturating_mul(TEXT_PER_BYTE),
        );
        if length > most {
            let message = format!("Limit for result exceeded, max bytes: {most}, current bytes: {length}");
            return Err(Exception::new(396, "TOO_MANY_ROWS_OR_BYTES", message));
        }
        let (rows, result_bytes) = (result.rows_read(), result.bytes_read());
        let truncated = if rows > limits.max_result_rows {
            Some(Truncated::Rows)
        } else if result_bytes > limits.max_result_bytes {
            Some(Truncated::Bytes)
        } else {
            None
        };
        Ok(Self {
            bytes: result.data_ref().to_vec(),
            rows,
            result_bytes,
            rows_read: result.storage_rows_read(),
            bytes_read: result.storage_bytes_read(),
            elapsed: result.elapsed(),
            truncated,
            format: format.to_owned(),
        })
    }
}

/// The engine's exception, which chDB hands over as text.
pub(crate) fn exception(error: &chdb_rust::error::Error) -> Exception {
    let text = error.to_string();
    Exception::find(&text).unwrap_or_else(|| Exception::new(1001, "STD_EXCEPTION", text))
}
