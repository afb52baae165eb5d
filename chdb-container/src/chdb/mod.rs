//! The layer over chDB's library: connections, parameters, formats, and errors as ClickHouse exceptions.

mod connection;
pub mod format;

pub use connection::{Connection, InternalConnection};

use chdb_rust::query_param::{QueryParam, QueryParams};
use lakefront_clickhouse_http::{Exception, code};

/// Binds parameters in their wire format, fields of TabSeparated, which the engine takes as they are.
pub fn parameters(params: &[(String, String)]) -> QueryParams {
    params.iter().fold(QueryParams::new(), |bound, (name, wire)| {
        bound.bind(name, QueryParam::raw(wire))
    })
}

/// Parses the engine's exception from the text of a chDB error.
pub fn exception(error: &chdb_rust::error::Error) -> Exception {
    let text = error.to_string();
    Exception::find(&text).unwrap_or_else(|| Exception::of(code::STD_EXCEPTION, text))
}
