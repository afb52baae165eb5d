//! The SQL catalog in SQLite, which holds the location of each table's committed metadata file.
//!
//! The schema is the same as in the `SqlCatalog` of the iceberg crate and of pyiceberg.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use iceberg::MetadataLocation;
use iceberg::io::FileIO;
use iceberg::spec::{TableMetadata, TableMetadataBuildResult};
use lakefront_lake_catalog::NAMESPACE;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::committed_table::{CommitOutcome, CommittedTable};
use crate::error::{Error, Result};
use crate::{location, storage};

/// Name of the catalog within `catalog.db`.
const NAME: &str = "lakefront";

/// The tables of the catalog, as the iceberg crate creates them.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS iceberg_tables (
        catalog_name VARCHAR(255) NOT NULL,
        table_namespace VARCHAR(255) NOT NULL,
        table_name VARCHAR(255) NOT NULL,
        metadata_location VARCHAR(1000),
        previous_metadata_location VARCHAR(1000),
        iceberg_type VARCHAR(5),
        PRIMARY KEY (catalog_name, table_namespace, table_name));
    CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
        catalog_name VARCHAR(255) NOT NULL,
        namespace VARCHAR(255) NOT NULL,
        property_key VARCHAR(255),
        property_value VARCHAR(1000),
        PRIMARY KEY (catalog_name, namespace, property_key));";

/// The SQL catalog of one lake.
#[derive(Clone, Debug)]
pub(crate) struct SqlCatalog {
    pool: SqlitePool,
    file_io: FileIO,
}

impl SqlCatalog {
    /// Opens `catalog.db`. Creates the file and the namespace if they are missing.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Rows are committed by a swap, so it must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        sqlx::query("INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')")
            .bind(NAME)
            .bind(NAMESPACE)
            .execute(&pool)
            .await?;
        Ok(Self {
            pool,
            file_io: FileIO::new_with_fs(),
        })
    }

    /// Returns the location of the table's committed metadata file, or `None` if there is no such table.
    pub(crate) async fn metadata_location(&self, table: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "SELECT metadata_location FROM iceberg_tables
             WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?",
        )
        .bind(NAME)
        .bind(NAMESPACE)
        .bind(table)
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Returns the committed state, or `None` if there is no such table. If `cached` is still committed, returns it
    /// without reading the file.
    pub(crate) async fn committed(
        &self,
        table: &str,
        cached: Option<CommittedTable>,
    ) -> Result<Option<CommittedTable>> {
        let Some(location) = self.metadata_location(table).await? else {
            return Ok(None);
        };
        if let Some(cached) = cached
            && cached.location == location
        {
            return Ok(Some(cached));
        }
        let metadata = TableMetadata::read_from(&self.file_io, &location).await?;
        Ok(Some(CommittedTable {
            location,
            metadata,
            etag: None,
        }))
    }

    /// Creates a table. Returns false if another process was first.
    pub(crate) async fn create(&self, table: &str, metadata: &TableMetadata) -> Result<bool> {
        let location = MetadataLocation::new_with_metadata(metadata.location(), metadata).to_string();
        self.write_metadata(&location, metadata).await?;
        let inserted = sqlx::query(
            "INSERT OR IGNORE INTO iceberg_tables
             (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
             VALUES (?, ?, ?, ?, 'TABLE')",
        )
        .bind(NAME)
        .bind(NAMESPACE)
        .bind(table)
        .bind(&location)
        .execute(&self.pool)
        .await?;
        if inserted.rows_affected() == 0 {
            storage::delete_files([location.as_str()]);
        }
        Ok(inserted.rows_affected() == 1)
    }

    /// Writes the metadata file of the new state and swaps it in if `base` is still the committed one.
    ///
    /// # Errors
    /// When the metadata file can't be written, or the catalog's disk is full. Nothing was committed then.
    pub(crate) async fn commit(
        &self,
        table: &str,
        base: &CommittedTable,
        new: TableMetadataBuildResult,
    ) -> Result<CommitOutcome> {
        let location = MetadataLocation::from_str(&base.location)?
            .with_next_version()
            .to_string();
        if let Err(error) = self.write_metadata(&location, &new.metadata).await {
            storage::delete_files([location.as_str()]);
            return Err(error);
        }
        let updated = sqlx::query(
            "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
             WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?",
        )
        .bind(&location)
        .bind(&base.location)
        .bind(NAME)
        .bind(NAMESPACE)
        .bind(table)
        .bind(&base.location)
        .execute(&self.pool)
        .await;
        let updated = match updated {
            Ok(updated) => updated,
            Err(error) => {
                let error = Error::from(error);
                // SQLite has rolled the statement back, so nothing refers to the new file.
                if error.is_storage_full() {
                    storage::delete_files([location.as_str()]);
                    return Err(error);
                }
                return Ok(CommitOutcome::Unknown(error));
            }
        };
        if updated.rows_affected() == 0 {
            storage::delete_files([location.as_str()]);
            return Ok(CommitOutcome::Conflict);
        }
        storage::delete_files(
            new.expired_metadata_logs
                .iter()
                .map(|log| log.metadata_file.as_str()),
        );
        Ok(CommitOutcome::Committed(Box::new(CommittedTable {
            location,
            metadata: new.metadata,
            etag: None,
        })))
    }

    /// Increments a counter, which is a property of the namespace, and returns its new value. The first value is 1.
    pub(crate) async fn next_number(&self, counter: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "INSERT INTO iceberg_namespace_properties VALUES (?, ?, ?, '1')
             ON CONFLICT DO UPDATE SET property_value = CAST(property_value AS INTEGER) + 1
             RETURNING CAST(property_value AS INTEGER)",
        )
        .bind(NAME)
        .bind(NAMESPACE)
        .bind(counter)
        .fetch_one(&self.pool)
        .await?)
    }

    /// Returns the current value of a counter; 0 if it was never incremented.
    pub(crate) async fn last_number(&self, counter: &str) -> Result<i64> {
        let last = sqlx::query_scalar(
            "SELECT CAST(property_value AS INTEGER) FROM iceberg_namespace_properties
             WHERE catalog_name = ? AND namespace = ? AND property_key = ?",
        );
        let last: Option<i64> = last
            .bind(NAME)
            .bind(NAMESPACE)
            .bind(counter)
            .fetch_optional(&self.pool)
            .await?;
        Ok(last.unwrap_or(0))
    }

    /// Writes a metadata file durably. Files that were written to its folder before become durable too.
    async fn write_metadata(&self, location: &str, metadata: &TableMetadata) -> Result<()> {
        write(&self.file_io, location, serde_json::to_vec(metadata)?).await?;
        let file = location::path(location);
        if let Some(folder) = file.parent().map(Path::to_owned) {
            tokio::task::spawn_blocking(move || storage::sync_folder(&folder)).await??;
        }
        Ok(())
    }
}

/// Writes a whole file and syncs it. The iceberg crate's `OutputFile::write` does not sync.
async fn write(file_io: &FileIO, location: &str, bytes: Vec<u8>) -> Result<()> {
    let mut writer = file_io.new_output(location)?.writer().await?;
    writer.write(bytes.into()).await?;
    writer.close().await?;
    Ok(())
}
