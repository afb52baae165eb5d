//! Errors of sync.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use lakefront_clickhouse_http::{Exception, code};

/// An error that ended a round. No data is lost: the next round continues from the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder contains no lake.
    #[error(
        "{folder} holds no lake (no catalog.db): --lake (LAKEFRONT_LAKE) must name the folder that ingest writes to, usually DATA/lake",
        folder = folder.display()
    )]
    NoLake { folder: PathBuf },
    /// The catalog or the metadata of the lake cannot be read.
    #[error("the lake can't be read: {0}")]
    Lake(#[from] lakefront_lake::Error),
    /// A data file is outside its table's folder.
    #[error(
        "the table {table} of the lake lists {location}, which is outside of the table's folder: expected all of its files there"
    )]
    Outside {
        table: String,
        /// The location of the file.
        location: String,
    },
    /// A data file cannot be read on this machine.
    #[error("{path} can't be read: {source}", path = path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        source: std::io::Error,
    },
    /// A ClickHouse failed, or rejected a statement.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another sync writes to the ClickHouse.
    #[error(
        "another sync ({holder}) writes to {target}, last seen {silent} s ago: try again when it has ended",
        silent = silent.as_secs()
    )]
    Busy {
        target: String,
        /// The holder of the lease.
        holder: String,
        /// Time since the holder's last heartbeat.
        silent: Duration,
    },
    /// A column of the lake has a type without a ClickHouse counterpart.
    #[error(
        "the lake's table {table} has a column `{column}` of type {type}, for which sync knows no ClickHouse type: nothing of {table} is \
         loaded until the column is dropped, or added to otel.{table} by hand with a type that can hold it"
    )]
    Column {
        table: String,
        column: String,
        /// The Iceberg type of the column.
        r#type: String,
    },
    /// The number of loaded rows differs from the lake's count.
    #[error(
        "{table} of {day}: the lake's files hold {expected} rows, but {found} arrived in staging; the day stays as it was"
    )]
    Count {
        table: String,
        /// The UTC day.
        day: Date,
        /// Number of rows by the lake's manifests.
        expected: u64,
        /// Number of rows in the staging table.
        found: u64,
    },
    /// An audit found differences and did not repair them.
    #[error(
        "{report}: build what differs anew with `lakefront-sync audit --repair`; otel.audit holds the findings"
    )]
    Differs {
        /// The findings, as a sentence.
        report: String,
    },
    /// ClickHouse sent only a part of the ledger.
    #[error(
        "{target} has {expected} rows of the ledger and sent {found}: raise max_result_rows for sync's user"
    )]
    Ledger {
        target: String,
        /// Number of rows that ClickHouse counts.
        expected: u64,
        /// Number of rows that arrived.
        found: u64,
    },
    /// The text of an applied migration differs from the one of this version.
    #[error(
        "migration {version} ({name}) was applied to {target} with another text than this version has: migrations are never changed, \
         run the version of lakefront-sync that belongs to it, or start with an empty ClickHouse"
    )]
    Migration {
        target: String,
        /// The number of the migration.
        version: u32,
        /// The name of the migration.
        name: String,
    },
}

impl Error {
    /// Returns true if the failure concerns one day only, so that other days of the same ClickHouse may succeed.
    pub fn is_about_the_day(&self) -> bool {
        match self {
            Self::Column { .. } | Self::Count { .. } | Self::File { .. } => true,
            Self::Target(error) => error
                .exception()
                .is_some_and(|exception| !exception_of_server(exception)),
            _ => false,
        }
    }

    /// Returns true if another sync has taken the lease over.
    pub fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Target(error) if matches!(error.cause, TargetCause::LeaseLost))
    }

    /// Returns true if a table or the database does not exist.
    pub fn is_unknown_table(&self) -> bool {
        matches!(self, Self::Target(error) if error.is_unknown_table())
    }
}

/// Returns true for codes that concern the whole server: it can do nothing now, or its tables are gone.
fn exception_of_server(exception: &Exception) -> bool {
    matches!(
        exception.code,
        code::UNKNOWN_TABLE
            | code::UNKNOWN_DATABASE
            | code::TIMEOUT_EXCEEDED
            | code::READONLY
            | code::TOO_MANY_SIMULTANEOUS_QUERIES
            | code::TABLE_IS_READ_ONLY
            | code::NOT_ENOUGH_SPACE
            | code::TOO_MANY_PARTS
            // The next holder of the lease cancels the statements of this one.
            | code::QUERY_WAS_CANCELLED
            | code::ACCESS_DENIED
            | code::AUTHENTICATION_FAILED
    )
}

/// A failed statement of a ClickHouse.
#[derive(Debug, thiserror::Error)]
#[error("{target} can't {action}: {cause}")]
pub struct TargetError {
    pub target: String,
    /// The action that failed, as an infinitive: `read the ledger`.
    pub action: String,
    #[source]
    pub cause: TargetCause,
}

/// The cause of a failed statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetCause {
    /// ClickHouse returned an exception.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The lease under which the statement was sent is gone.
    #[error("another sync has taken the lease over, and this one stops")]
    LeaseLost,
    /// No answer within the limit.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// The connection failed, or the answer cannot be read.
    #[error("{0}")]
    Client(#[source] clickhouse::error::Error),
}

impl TargetError {
    /// Returns the exception of ClickHouse, if it returned one.
    pub fn exception(&self) -> Option<&Exception> {
        match &self.cause {
            TargetCause::Exception(exception) => Some(exception),
            _ => None,
        }
    }

    /// Returns true if a table or the database does not exist.
    pub fn is_unknown_table(&self) -> bool {
        self.exception()
            .is_some_and(|exception| code::is_unknown_table(exception.code))
    }

    /// Returns true if the table exists already.
    pub fn is_existing_table(&self) -> bool {
        self.exception()
            .is_some_and(|exception| exception.code == code::TABLE_ALREADY_EXISTS)
    }
}

impl From<clickhouse::error::Error> for TargetCause {
    fn from(error: clickhouse::error::Error) -> Self {
        match &error {
            clickhouse::error::Error::BadResponse(text) => match Exception::find(text) {
                Some(exception) => Self::Exception(exception),
                None => Self::Client(error),
            },
            _ => Self::Client(error),
        }
    }
}

/// The result type of sync.
pub type Result<T, E = Error> = std::result::Result<T, E>;
