//! HTTP around chDB: the ClickHouse interface over the lake, or over tables of its own.
//!
//! One process, one chDB engine. A request passes the [access] rules, a queue, the [gate] and one connection of the
//! [engine]. Over the lake it has no state of its own, kill it and start it at will: the [lake]'s tables are read as they
//! are on disk at that moment. With a data directory it is a ClickHouse: it keeps tables and takes inserts.
//!
//! Deliberately absent: writes to the lake, caching of results, and any knowledge of what the tables mean.

pub mod access;
mod config;
pub mod engine;
mod error;
pub mod gate;
pub mod http;
pub mod lake;
mod settings;

pub use config::{Config, Limits};
pub use error::Error;
