//! Versions of views and raw tables: hashes of the definition and of the mapping from OTLP. A change of either changes
//! the version.

use lakefront_otel::{clickhouse_ddl, mapping_version, tables};

use crate::view::View;

/// Length of a version in hex digits.
const DIGITS: usize = 12;

/// Returns the version of the raw tables.
pub fn raw() -> String {
    hash(tables().iter().map(|table| clickhouse_ddl(table, "otel")))
}

/// Returns the view with its version filled in.
pub fn versioned(view: View) -> View {
    View {
        version: hash(view.ddl("")),
        ..view
    }
}

fn hash(definitions: impl IntoIterator<Item = String>) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in definitions {
        hasher.update(text.as_bytes()).update(&[0]);
    }
    hasher.update(mapping_version().as_bytes());
    hasher.finalize().to_hex()[..DIGITS].to_owned()
}
