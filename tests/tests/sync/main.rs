//! Sync keeps a ClickHouse equal to the lake, whatever happens to either and to sync. Each test ends with an audit that
//! finds no difference.

mod changes;
mod compactions;
mod crashes;
mod erasure;
mod follows;
mod kills;
mod leases;
mod old_days;
mod schema;
mod world;
