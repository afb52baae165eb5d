//! The lake: Iceberg tables that are written every few seconds and read on every query.
//!
//! [`Lake`] is the only writer of table state. [`Lake::write`] turns rows into Parquet files. [`Lake::append`] makes
//! them visible, by an optimistic compare-and-swap on the catalog. Only the catalog says what is committed.
//!
//! This crate runs no queries, reads no OTLP, and does not decide when to commit or compact.

#![warn(clippy::missing_errors_doc)]

mod catalog;
mod column_bounds;
mod commit;
mod committed_table;
mod compact;
mod compaction;
mod config;
mod current_files;
mod erasure;
mod error;
mod fifo_cache;
pub mod files;
mod lake;
mod lake_file;
mod layout;
mod location;
mod manifest_list;
mod manifest_merge;
mod manifests;
mod named_snapshots;
mod old_days;
mod opening;
mod orphan_files;
mod rest;
mod retention;
mod s3;
mod schema_evolution;
mod snapshot_expiry;
mod sort;
mod sql_catalog;
mod storage;
mod table;
mod table_creation;
mod time;
mod unreachable_files;
mod version_hint;
mod write;
mod writer_numbers;
mod writer_positions;

pub use commit::{Commit, PropertyChange};
pub use compaction::{Compacted, CompactionPlan, CompactionSettings, Group, pace::Pace};
pub use config::LakeConfig;
pub use current_files::TableState;
pub use erasure::condition::{Condition, InvalidCondition};
pub use erasure::{Proof, Selected, SelectedDay};
pub use error::{Error, Result};
pub use iceberg::spec::DataFile;
pub use lake::Lake;
pub use lake_file::LakeFile;
pub use lakefront_lake_catalog::{LakeLocation, RestCatalogConfig};
pub use layout::{Layout, StringColumns};
pub use named_snapshots::NamedSnapshot;
pub use old_days::OldDay;
pub use snapshot_expiry::Expired;
pub use writer_positions::{InvalidMark, Session, WalMark, WalPosition};
