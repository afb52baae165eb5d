//! Names what is stored by its definition and by the mapping that filled it, so that neither changes unseen.

use lakefront_otel::{clickhouse_ddl, mapping_version, tables};

use crate::view::View;

/// How many hex digits of the hash.
const DIGITS: usize = 12;

/// The version of the raw tables.
pub fn raw() -> String {
    hash(tables().iter().map(|table| clickhouse_ddl(table, "otel")))
}

/// The view with the version of its definition.
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
