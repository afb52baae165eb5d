//! What can go wrong with the lake.

use std::io::ErrorKind;
use std::path::PathBuf;

/// SQLite's result code for a full disk: the statement was rolled back.
const SQLITE_FULL: &str = "13";

/// ENOSPC and EDQUOT as the standard library shows them.
const OUT_OF_SPACE: [&str; 2] = ["(os error 28)", "(os error 122)"];

/// An error of the lake. Nothing was committed unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is not one of `lakefront_otel::tables()`.
    #[error("unknown table `{0}`: expected one of the tables of crates/otel")]
    UnknownTable(String),
    /// The table in the catalog has another shape than crates/otel declares.
    #[error(
        "table `{table}` in the catalog does not fit its definition: {reason}; open the lake with the version that wrote it"
    )]
    Schema {
        /// The table.
        table: String,
        /// What differs.
        reason: String,
    },
    /// A record batch lacks a column of the table or has it with another type.
    #[error("record batch does not fit table `{table}`: {reason}")]
    Batch {
        /// The table.
        table: String,
        /// What differs.
        reason: String,
    },
    /// Others kept committing first.
    #[error(
        "gave up committing to `{table}` after {attempts} attempts: other writers were first each time; try again"
    )]
    Conflict {
        /// The table.
        table: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The swap failed and the catalog could not be asked what became of it. The files of the commit must be kept; once the
    /// catalog answers again, [`Lake::wal_positions`](crate::Lake::wal_positions) tells whether the commit is in.
    #[error(
        "it is unknown whether the commit to `{table}` is in: {source}; ask the catalog before writing it again"
    )]
    CommitStateUnknown {
        /// The table.
        table: String,
        /// Why the catalog did not answer.
        source: Box<Error>,
    },
    /// Files to be replaced are not in the current snapshot (any more), e.g. as another compaction was first.
    #[error(
        "{missing} of the files to replace in `{table}` are not in its current snapshot; plan the compaction again"
    )]
    NotCurrent {
        /// The table.
        table: String,
        /// How many files are not there.
        missing: usize,
    },
    /// Another writer left files that say which rows of others are deleted, or that are partitioned in another way.
    #[error(
        "table `{table}` has delete files or files of another partitioning ({manifest}), which nothing here reads; rewrite its \
         data files with the tool that made them"
    )]
    Unreadable {
        /// The table.
        table: String,
        /// The manifest that lists them.
        manifest: String,
    },
    /// All 32,767 writer numbers were given out.
    #[error("the lake has no writer numbers left: at most 32,767 logs can ever be opened on one lake")]
    NoWritersLeft,
    /// Another log commits under the same number: the folder of one of them is a copy.
    #[error(
        "writer {writer} of `{table}` is in use by another write-ahead log; open this log under a number of its own"
    )]
    WriterTaken {
        /// The table.
        table: String,
        /// The number.
        writer: u16,
    },
    /// Settings that can't be.
    #[error("{0}")]
    Config(String),
    /// The REST catalog does not answer.
    #[error("the catalog at {uri} can't be reached: {reason}; check LAKEFRONT_CATALOG_URI and that it runs")]
    CatalogUnreachable {
        /// Its address.
        uri: String,
        /// Why.
        reason: String,
        /// Whether it may have got the request.
        sent: bool,
    },
    /// The REST catalog gave another answer than was asked for.
    #[error("asked for {what}, the catalog answered {status}: {message}; {advice}")]
    CatalogAnswer {
        /// What it was asked for.
        what: String,
        /// The status of its answer.
        status: u16,
        /// What it said.
        message: String,
        /// What to look at.
        advice: &'static str,
    },
    /// The S3 store can't be used as it is configured.
    #[error("{location} on {endpoint}: {advice} ({source})")]
    Store {
        /// Where on it.
        location: String,
        /// The store.
        endpoint: String,
        /// What to look at.
        advice: &'static str,
        /// What it said.
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
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A background task of the runtime panicked or was cancelled.
    #[error("background task: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// Returns true if nothing was committed for want of room on a disk.
    ///
    /// The iceberg crate passes on the text of I/O errors alone, so that the text is searched as well.
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

    /// For `map_err`: an I/O error with the path it is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// Result of the lake.
pub type Result<T, E = Error> = std::result::Result<T, E>;
