//! Receives OTLP over HTTP and commits it to the Iceberg tables of the lake.
//!
//! A request is decoded, appended to the [write-ahead log](wal), and answered once the log is synced. The [pipeline]
//! then commits the request to the lake. The same commit sets the log position, so that each request is stored exactly
//! once, wherever the process is killed. Beside that, [compaction] keeps the lake's files few, [retention] drops old
//! days, and the [keeper] moves rows that landed through Cloudflare Pipelines. Open [tails](tail) get accepted records before the commit.

pub mod commands;
pub mod compaction;
pub mod config;
pub mod error;
pub mod keeper;
pub mod metrics;
pub mod otlp;
pub mod pipeline;
pub mod retention;
pub mod server;
pub mod table_status;
pub mod tail;
pub mod wal;

mod fields;
mod orphan_files;
mod rate;
mod run;
mod time;
mod usage;

pub use run::Ingest;
