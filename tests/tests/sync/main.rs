//! A ClickHouse follows the lake exactly, whatever happens to either and to sync: afterwards an audit finds no difference.

mod changes;
mod crashes;
mod follows;
mod schema;
mod world;
