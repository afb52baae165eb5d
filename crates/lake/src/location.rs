//! Iceberg locations: URLs of files, on local disk (`file://…`) or on a store (`s3://…`).

use std::path::{Path, PathBuf};

/// Prefix of every location on local disk.
const SCHEME: &str = "file://";

/// Returns the location of an absolute local path.
pub(crate) fn of_path(path: &Path) -> String {
    format!("{SCHEME}{}", path.display())
}

/// Returns the local path of a location.
pub(crate) fn path(location: &str) -> PathBuf {
    PathBuf::from(location.strip_prefix(SCHEME).unwrap_or(location))
}

/// Returns the location without its scheme, to compare locations: other writers may leave out the scheme, or write
/// `s3a`.
pub(crate) fn key(location: &str) -> &str {
    location.split_once("://").map_or(location, |(_, key)| key)
}
