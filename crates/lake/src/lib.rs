//! The lake: Iceberg tables that are written every few seconds and read on every query.
//!
//! [`Lake`] is the only writer of table state. [`Lake::write`] turns rows into Parquet files. [`Lake::append`] makes
//! them visible, by an optimistic compare-and-swap on the catalog. Only the catalog says what is committed.
//!
//! This crate runs no queries, reads no OTLP, and does not decide when to commit or compact.

mod catalog;
mod commit;
mod compact;
mod config;
mod definition;
mod error;
mod expire;
mod fold;
mod garbage;
mod known;
mod lake;
mod layout;
mod lists;
mod manifests;
mod metrics;
mod remote;
mod rest;
mod retention;
mod s3;
mod sort;
mod sql_catalog;
mod state;
mod storage;
mod sweep;
mod table;
mod version_hint;
mod wal;
mod write;

pub use config::{LakeConfig, Place};
pub use error::{Error, Result};
pub use expire::Expired;
pub use iceberg::spec::DataFile;
pub use lake::{Commit, Lake};
pub use layout::{Layout, Strings};
pub use remote::{RemoteLake, S3Access, S3Keys, Secret};
pub use rest::{RestCatalog, RestTable};
pub use state::{LakeFile, TableState};
pub use wal::{InvalidMark, Session, WalMark, WalPosition};
