//! An HTTP server around chDB: the ClickHouse HTTP interface over the lake, or over tables of its own.
//!
//! One process runs one chDB engine. A request passes the [access] rules, a queue, the [gate] and one connection of the
//! [engine]. Over the lake the process keeps no state and may be killed and started at any time: it reads the [lake]'s
//! tables as they are on disk at that moment. With a data directory it acts as a ClickHouse server: it keeps tables and
//! takes inserts.
//!
//! Deliberately absent: writes to the lake, caching of results, and any knowledge of the tables' meaning.

pub mod access;
mod chdb;
mod config;
pub mod engine;
mod error;
pub mod gate;
pub mod http;
pub mod lake;
pub mod rights;
mod settings;

pub use config::{Config, Limits};
pub use error::Error;

/// The database of every table, and of every connection.
pub const DATABASE: &str = "otel";

/// The database of the lake's tables that callers read through views. They may not name it.
const BEHIND_VIEWS: &str = "_behind_views";
