//! The SQL by which the engine reads a table on an S3 store: its engine clause, with address and keys.

use lakefront_clickhouse_http::literal;
use secrecy::{ExposeSecret as _, SecretString};

use super::catalog_client::RestTable;

/// Returns a text that changes with the location of the metadata file, or with the keys by which the table is read.
pub fn state_key(table: &RestTable) -> String {
    let keys = table.access.keys.as_ref();
    let id = keys.map(|keys| keys.id.as_str()).unwrap_or_default();
    let session = keys.and_then(|keys| keys.session_token.as_ref());
    let session = session.map(SecretString::expose_secret).unwrap_or_default();
    format!("{} {id} {session}", table.location)
}

/// Returns the engine clause of a table on a store; `None` if the metadata file is outside of the table's location.
/// Without keys of the catalog the engine uses the keys of its environment.
pub fn engine(table: &RestTable) -> Option<String> {
    let folder = table.metadata.location.trim_end_matches('/');
    let file = table.location.strip_prefix(folder)?.trim_start_matches('/');
    let arguments = arguments(table, &format!("{folder}/"))?;
    let file = literal(file);
    Some(format!(
        "IcebergS3({arguments}) SETTINGS iceberg_metadata_file_path = {file}"
    ))
}

/// Returns the arguments (address and keys) of the engine's S3 functions and tables for a location.
pub fn arguments(table: &RestTable, location: &str) -> Option<String> {
    let mut arguments = vec![literal(&table.access.url(location)?)];
    if let Some(keys) = &table.access.keys {
        arguments.extend([literal(&keys.id), literal(keys.secret.expose_secret())]);
        arguments.extend(
            keys.session_token
                .as_ref()
                .map(|token| literal(token.expose_secret())),
        );
    }
    Some(arguments.join(", "))
}
