//! OTLP to rows: the seven tables and the mapping that fills them.
//!
//! Everything here is a plain function from values to values: no I/O, no clock, no async.
//! Without features it is the definition of the tables ([`tables()`]) and the version of the mapping. Feature `decode`
//! adds OTLP, protobuf and JSON; `map` the rows; `arrow` schemas and record batches.

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

pub use clickhouse::{RAW_RETENTION_DAYS, clickhouse_ddl};
#[cfg(feature = "decode")]
pub use error::DecodeError;
pub use markdown::markdown;
pub use table::{Column, ColumnType, Table};
pub use tables::{EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, LOGS, SUM, SUMMARY, TRACES, table, tables};

/// The longest text, in bytes, of a promoted column, and thus of a text parameter of a query.
///
/// Longer ones end in a hash, so that they differ where the texts do. ErrorMessage and PagePath, by which no query
/// filters, are kept as sent.
pub const MAX_FILTER_BYTES: usize = 1_024;

/// The version of the mapping from OTLP to promoted columns: a hash that changes with its code, rules or libraries.
/// What was computed under another version must be rebuilt before it is offered.
pub fn mapping_version() -> &'static str {
    env!("LAKEFRONT_MAPPING_VERSION")
}
