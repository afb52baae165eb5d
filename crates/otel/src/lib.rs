//! OTLP to rows: the seven tables and the mapping that fills them.
//!
//! Everything here is a plain function from values to values: no I/O, no clock, no async.

mod table;
mod tables;

pub use table::{Column, ColumnType, Table};
pub use tables::{EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, LOGS, SUM, SUMMARY, TRACES, table, tables};
