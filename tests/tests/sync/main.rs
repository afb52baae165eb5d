//! A ClickHouse follows the lake exactly, whatever happens to either and to sync: afterwards an audit finds no difference.

mod changes;
mod crashes;
mod follows;
mod kills;
mod leases;
mod schema;
mod world;
