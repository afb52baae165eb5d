//! Copies the Iceberg tables of the lake to ClickHouse, each data file exactly once.
//!
//! Each ClickHouse holds a [ledger] of the data files that were loaded into it. A [round](follower) compares the ledger
//! with the file list of the lake's current snapshot ([`plan`]). The comparison needs neither history nor clocks. New
//! files are [loaded](load). Days that lost a file are rebuilt in [staging]. Afterwards sync writes the first day from
//! which on everything is complete, and as of when ([`coverage`]). After a kill at any point, the next round continues
//! from the ledger.
//!
//! Not in this crate: the statements of the views (`queries/`) and the definitions of the tables (`clickhouse/`,
//! `crates/otel`).

pub mod audit;
pub mod clickhouse;
pub mod commands;
pub mod config;
pub mod coverage;
pub mod day;
pub mod error;
pub mod follower;
pub mod lake_snapshot;
pub mod lease;
pub mod ledger;
pub mod load;
pub mod plan;
pub mod progress;
pub mod schema;
pub mod server;
pub mod source;
pub mod staging;
pub mod table_group;
