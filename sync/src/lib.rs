//! Copies the Iceberg tables of the lake to ClickHouse, each data file exactly once.
//!
//! Each ClickHouse holds a `ledger` of the data files that were loaded into it. A [round](follower) compares the ledger
//! with the file list of the lake's current snapshot (`plan`). The comparison needs neither history nor clocks. New
//! files are loaded (`load`). Days that lost a file are rebuilt in `staging`. Afterwards sync writes the first day from
//! which on everything is complete, and as of when ([`coverage`]). After a kill at any point, the next round continues
//! from the ledger.
//!
//! Not in this crate: the views (`queries/`, `crates/hot-tier`) and the definitions of the tables (`clickhouse/`,
//! `crates/otel`). The public modules are those that tests and measurements use.

#![expect(
    missing_docs,
    reason = "the library of a program, used by its tests: a name that says all has no comment"
)]

mod audit;
pub mod clickhouse;
pub mod commands;
pub mod config;
pub mod coverage;
mod day;
pub mod error;
pub mod follower;
mod lake_snapshot;
pub mod lease;
mod ledger;
mod load;
mod plan;
pub mod progress;
mod schema;
mod server;
pub mod source;
mod staging;
mod table_group;
