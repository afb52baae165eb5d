//! HTTP around chDB: the ClickHouse interface over the lake.
//!
//! One process, one chDB engine, no state of its own: kill it and start it at will. A request passes the queue, the
//! [gate] and one read-only connection of the [engine]; the [lake]'s tables are read as they are on disk at that moment.
//!
//! Deliberately absent: writes of any kind, caching of results, and any knowledge of what the tables mean.

mod config;
pub mod engine;
mod error;
pub mod gate;
pub mod http;
pub mod lake;
mod settings;

pub use config::{Config, Limits};
pub use error::Error;
