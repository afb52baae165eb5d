//! The file `metadata/version-hint.text`, by which readers without a catalog find the committed metadata file.
//!
//! Such readers must not choose the newest file: a crash or a lost swap leaves metadata files that were never
//! committed. The hint holds the file's name without `.metadata.json` and without a line end. ClickHouse, DuckDB and
//! pyiceberg all understand that form for names with a UUID.

use std::fs::File;
use std::path::Path;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::files::{self, Durability};
use crate::location;
use crate::table::OpenTable;

/// Writes the table's hint with the metadata file that the catalog names.
///
/// The catalog is read under a lock that all writers take. Without it, a slow writer could overwrite a newer name with
/// an older one.
///
/// A lake behind a REST catalog has no hints, because its readers query the catalog.
///
/// # Errors
/// When the catalog can't be read or the hint can't be written.
pub(crate) async fn publish(table: &OpenTable) -> Result<()> {
    let Catalog::Sql(catalog) = &table.catalog else {
        return Ok(());
    };
    let metadata_folder = location::path(&table.location).join("metadata");
    let lock_file = metadata_folder.join(".version-hint.lock");
    let lock = tokio::task::spawn_blocking(move || {
        let open = File::options().create(true).append(true).open(&lock_file);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        locked.map_err(Error::io(lock_file))
    })
    .await??;
    if let Some(location) = catalog.metadata_location(table.definition.name).await? {
        write(&metadata_folder, &location)?;
    }
    drop(lock);
    Ok(())
}

/// Publishes the hint after a commit. An error is only logged, since the commit succeeded; the next commit or start
/// tries again.
pub(crate) async fn publish_commit(table: &OpenTable) {
    if let Err(error) = publish(table).await {
        tracing::error!(table = table.definition.name, %error, "readers without a catalog do not see the last commit yet");
    }
}

/// Replaces the hint by a rename, unless it is unchanged.
fn write(metadata_folder: &Path, location: &str) -> Result<()> {
    let committed = location::path(location);
    let name = committed.file_name().unwrap_or_default().to_string_lossy();
    let version = name.strip_suffix(".metadata.json").unwrap_or(&name);
    let hint = metadata_folder.join("version-hint.text");
    // An unchanged hint is not written, so that a start needs no space on the disk.
    if std::fs::read(&hint).is_ok_and(|found| found == version.as_bytes()) {
        return Ok(());
    }
    // A hint that a power cut destroys is written again at the next start.
    files::replace(&hint, version.as_bytes(), Durability::Unsynced).map_err(Error::io(&hint))
}
