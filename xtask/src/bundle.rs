//! The browser bundle and the Worker: built, measured against their limits, and configured for workerd.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::paths::Paths;

/// Builds both into `<cache>/bundle`.
pub fn bundle(_paths: &Paths) -> Result<()> {
    bail!("replaced by the router's owner")
}

/// Writes the workerd configuration of one local stack below `data` and returns its path.
pub fn workerd_config(
    _paths: &Paths,
    _data: &Path,
    _port: u16,
    _chdb_url: &str,
    _ingest_url: &str,
) -> Result<PathBuf> {
    bail!("replaced by the router's owner")
}
