//! Receipts: what the streams have taken, sent to a stream of its own.

#[cfg(feature = "send")]
use serde_json::json;

use crate::form::{Form, LandingColumn};

/// The name of the receipts, in place of that of a table.
pub const RECEIPTS: &str = "receipts";

/// The column with the name of the table of a chunk.
pub(crate) const TABLE: &str = "chunk_table";

/// The receipt of a chunk that its stream has taken.
///
/// The keeper compares receipts with the rows that landed. Without them, a chunk of which no row landed would be
/// missed by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Name of the table of the rows.
    pub table: String,
    /// Number of rows.
    pub rows: u32,
    /// When the Worker accepted the rows, in microseconds since 1970 UTC.
    pub accepted: i64,
}

/// Returns the columns of receipts, beside those that each landing table has.
pub(crate) fn columns() -> Vec<LandingColumn> {
    vec![LandingColumn {
        name: TABLE,
        form: Form::Text,
        required: true,
    }]
}

#[cfg(feature = "send")]
impl Receipt {
    /// Returns the receipts of chunks as one body of a request. An event of it counts as the only row of its chunk.
    pub fn body<'a>(chunks: impl IntoIterator<Item = (&'a str, &'a crate::Chunk)>) -> String {
        use crate::form::{VERSION, key};
        let events = chunks.into_iter().map(|(table, chunk)| {
            json!({
                key::VERSION: VERSION,
                key::CHUNK: chunk.id,
                key::ROW: 0,
                key::ROWS: chunk.rows,
                key::ACCEPTED: chunk.accepted,
                TABLE: table,
            })
        });
        events.collect::<serde_json::Value>().to_string()
    }
}
