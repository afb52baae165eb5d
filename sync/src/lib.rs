//! Iceberg → ClickHouse, file by file, exactly once.
//!
//! Each ClickHouse holds a [ledger] of the data files it has. A [round](follower) compares it with the file list of the lake's current
//! snapshot ([`plan`]), never with history or clocks, and makes up for the difference: new files are [loaded](load), days of which
//! something vanished are built anew in [staging]. Then it writes down since when and as of when everything is complete
//! ([`coverage`]). Kill it anywhere: the next round goes on from the ledger.
//!
//! Deliberately absent: what the views compute (`queries/`), what the tables are (`clickhouse/`, `crates/otel`).

pub mod audit;
pub mod commands;
pub mod config;
pub mod coverage;
pub mod day;
pub mod error;
pub mod follower;
pub mod head;
pub mod lease;
pub mod ledger;
pub mod load;
pub mod plan;
pub mod progress;
pub mod schema;
pub mod server;
pub mod source;
pub mod staging;
pub mod target;
pub mod unit;
