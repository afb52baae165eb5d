//! OTLP/HTTP in, Iceberg out.
//!
//! A request is decoded, appended to the [write-ahead log](wal), acknowledged once that is synced, and handed to the
//! [pipeline], which commits it to the lake together with its log position: exactly once, wherever the process is killed.

pub mod config;
pub mod error;
pub mod metrics;
pub mod otlp;
pub mod pipeline;
pub mod request;
pub mod server;
pub mod wal;

mod rate;
mod run;
mod sweep;

pub use run::Ingest;
