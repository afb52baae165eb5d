//! The hot tier in ClickHouse: its views and their DDL, the guards of statements on them, and sync's bookkeeping.
//!
//! The build script reads the views from `queries/*/mv_*.sql`, checks them, and hashes their definitions. Sync creates
//! and fills the views. `crates/query` writes the statements on them with [`HotStatement`].
//!
//! Not in this crate: code that sends a statement, and the migrations (`clickhouse/`).

pub mod bookkeeping;
mod catalogue;
pub mod sql_text;
mod statement;
mod view;

#[cfg(test)]
#[path = "../build/view_file.rs"]
mod view_file;
#[cfg(test)]
mod view_file_tests;

pub use catalogue::{raw_version, views};
pub use statement::{CoverageKey, HotStatement};
pub use view::View;
