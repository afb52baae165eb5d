//! The seven tables, and the mapping from OTLP to their rows.
//!
//! Everything here is a pure function: no I/O, no clock, no async. Without features, the crate has the definition of
//! the tables ([`tables()`]) and the version of the mapping. Feature `decode` adds decoding of OTLP in protobuf and
//! JSON, `map` adds the rows, and `arrow` adds Arrow schemas and record batches.

#![warn(clippy::missing_errors_doc)]

mod clickhouse;
mod markdown;
mod table;
mod tables;

#[cfg(feature = "arrow")]
pub mod arrow;
#[cfg(feature = "decode")]
pub mod decode;
#[cfg(feature = "decode")]
mod error;
#[cfg(feature = "map")]
pub mod map;

pub use clickhouse::{RAW_RETENTION_DAYS, clickhouse_column, clickhouse_ddl};
#[cfg(feature = "decode")]
pub use error::DecodeError;
pub use markdown::markdown;
pub use table::{Column, ColumnType, Table};
pub use tables::{EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, LOGS, SUM, SUMMARY, TRACES, table, tables};

/// The most bytes of text in a promoted column, and in a text parameter of a query.
///
/// A longer text is cut and ends in a hash of the whole text, so that different texts stay different. `ErrorMessage`
/// and `PagePath` are kept as sent, because no query filters by them.
pub const MAX_FILTER_BYTES: usize = 1_024;

/// Returns the version of the mapping from OTLP to promoted columns: a hash that changes with its code, rules or
/// libraries.
///
/// Columns and views that were computed under another version must be rebuilt before queries use them.
pub fn mapping_version() -> &'static str {
    env!("LAKEFRONT_MAPPING_VERSION")
}
