//! The error type of this crate.

use std::io::ErrorKind;
use std::path::PathBuf;

/// SQLite's result code for a full disk. SQLite has then rolled the statement back.
const SQLITE_FULL: &str = "13";

/// ENOSPC and EDQUOT, as the standard library prints them.
const OUT_OF_SPACE: [&str; 2] = ["(os error 28)", "(os error 122)"];

/// An error of the lake. Nothing was committed unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is not one of `lakefront_otel::tables()`.
    #[error("unknown table `{0}`: expected one of the tables of crates/otel")]
    UnknownTable(String),
    /// The definition of a table contradicts itself.
    #[error("the definition of table `{table}` is wrong: {reason}")]
    Schema {
        /// Name of the table.
        table: String,
        /// The contradiction, as text.
        reason: String,
    },
    /// A column of the table in the catalog has another type than the one that is written.
    #[error(
        "column `{column}` of `{table}` is {found} in the lake, but this version writes {declared}; rename the lake's column with \
         any Iceberg writer: rows wait in the write-ahead log until then"
    )]
    Column {
        /// Name of the table.
        table: String,
        /// Name of the column.
        column: String,
        /// Type of the column in the lake.
        found: String,
        /// Type of the column in the definition.
        declared: String,
    },
    /// A record batch lacks a column of the table, or has it with another type.
    #[error("record batch does not fit table `{table}`: {reason}")]
    Batch {
        /// Name of the table.
        table: String,
        /// The difference, as text.
        reason: String,
    },
    /// Other writers were first at every attempt.
    #[error(
        "gave up committing to `{table}` after {attempts} attempts: other writers were first each time; try again"
    )]
    Conflict {
        /// Name of the table.
        table: String,
        /// Number of attempts.
        attempts: u32,
    },
    /// The swap failed, and the catalog could not be asked for the result. The files of the commit must be kept.
    ///
    /// Once the catalog answers again, [`Lake::wal_positions`](crate::Lake::wal_positions) shows whether the commit
    /// succeeded.
    #[error(
        "it is unknown whether the commit to `{table}` is in: {source}; ask the catalog before writing it again"
    )]
    CommitStateUnknown {
        /// Name of the table.
        table: String,
        /// The reason that the catalog did not answer.
        source: Box<Error>,
    },
    /// Files to replace are not in the current snapshot, for example because another compaction has replaced them.
    #[error(
        "{missing} of the files to replace in `{table}` are not in its current snapshot; plan the compaction again"
    )]
    NotCurrent {
        /// Name of the table.
        table: String,
        /// Number of files that are not in the snapshot.
        missing: usize,
    },
    /// A compaction read another number of rows than the manifests say. Its files were deleted.
    #[error(
        "the files to compact in `{table}` have {found} rows, but their manifests say {expected}; a data file is damaged"
    )]
    Rows {
        /// Name of the table.
        table: String,
        /// Number of rows according to the manifests.
        expected: u64,
        /// Number of rows in the files.
        found: u64,
    },
    /// A reference of another program keeps a snapshot with rows that are to be erased.
    #[error(
        "{reference} of `{table}` keeps files with such rows; remove it with the program that made it, and run the erasure again"
    )]
    Kept {
        /// Name of the table.
        table: String,
        /// The reference, as text.
        reference: String,
    },
    /// A compaction was stopped, because its program stops.
    #[error("stopped")]
    Stopped,
    /// Another writer added delete files, or files of another partitioning.
    #[error(
        "table `{table}` has delete files or files of another partitioning ({manifest}), which nothing here reads; rewrite its \
         data files with the tool that made them"
    )]
    Unreadable {
        /// Name of the table.
        table: String,
        /// Location of the manifest that lists them.
        manifest: String,
    },
    /// All 32,767 writer numbers are in use.
    #[error("the lake has no writer numbers left: at most 32,767 logs can ever be opened on one lake")]
    NoWritersLeft,
    /// Another log commits under the same number: the folder of one of them is a copy of the other.
    #[error(
        "writer {writer} of `{table}` is in use by another write-ahead log; open this log under a number of its own"
    )]
    WriterTaken {
        /// Name of the table.
        table: String,
        /// Number of the writer.
        writer: u16,
    },
    /// A property has another value than the program found, because another process has changed it.
    #[error("property {property} of `{table}` was changed by another process; read it again")]
    PropertyChanged {
        /// Name of the table.
        table: String,
        /// Name of the property.
        property: String,
    },
    /// A setting has an invalid value; the text names it.
    #[error("{0}")]
    Config(String),
    /// The REST catalog failed or refused a request.
    #[error(transparent)]
    RestCatalog(#[from] lakefront_lake_catalog::Error),
    /// The S3 store can't be used as it is configured.
    #[error("{location} on {endpoint}: {advice} ({source})")]
    Store {
        /// Location on the store.
        location: String,
        /// Address of the store.
        endpoint: String,
        /// Advice for the operator: what to check.
        advice: &'static str,
        /// Error of the store.
        source: Box<iceberg::Error>,
    },
    /// The S3 store could not be listed.
    #[error("object store: {0}")]
    List(#[from] opendal::Error),
    /// The SQL catalog failed.
    #[error("catalog: {0}")]
    Catalog(#[from] sqlx::Error),
    /// The iceberg crate failed.
    #[error("iceberg: {0}")]
    Iceberg(#[from] iceberg::Error),
    /// Parquet could not be written or read.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// An Arrow kernel failed.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// Table metadata could not be written as JSON.
    #[error("table metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// A file or folder could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// A background task of the runtime panicked or was cancelled.
    #[error("background task: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// Returns true if nothing was committed because a disk is full.
    ///
    /// The iceberg crate drops the kind of an I/O error and keeps its text. The text is therefore searched as well.
    pub fn is_storage_full(&self) -> bool {
        if matches!(self, Self::CommitStateUnknown { .. }) {
            return false;
        }
        if let Self::Catalog(sqlx::Error::Database(error)) = self {
            return error.code().is_some_and(|code| code == SQLITE_FULL);
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            if matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) {
                return true;
            }
            cause = error.source();
        }
        let text = self.to_string();
        OUT_OF_SPACE.iter().any(|code| text.contains(code))
    }

    /// Returns a function for `map_err` that adds the path to an I/O error.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
