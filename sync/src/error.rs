//! What can go wrong.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use lakefront_clickhouse_http::Exception;

/// Why a round did not end well. Nothing is lost by any of it: the next round goes on from the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds no lake.
    #[error(
        "{folder} holds no lake (no catalog.db): --lake (LAKEFRONT_LAKE) must name the folder that ingest writes to, usually DATA/lake",
        folder = folder.display()
    )]
    NoLake {
        /// The folder.
        folder: PathBuf,
    },
    /// Catalog or metadata can't be read.
    #[error("the lake can't be read: {0}")]
    Lake(#[from] lakefront_lake::Error),
    /// A data file that is not below its table's folder.
    #[error(
        "the table {table} of the lake lists {location}, which is outside of the table's folder: expected all of its files there"
    )]
    Outside {
        /// The table.
        table: String,
        /// The file.
        location: String,
    },
    /// A data file that can't be read here.
    #[error("{path} can't be read: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A ClickHouse failed or refused.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another sync writes to the ClickHouse.
    #[error(
        "another sync ({holder}) writes to {target}, last seen {silent} s ago: try again when it has ended",
        silent = silent.as_secs()
    )]
    Busy {
        /// The ClickHouse.
        target: String,
        /// The holder of its lease.
        holder: String,
        /// Time since that holder was seen.
        silent: Duration,
    },
    /// A column of the lake that ClickHouse can't hold.
    #[error(
        "the lake's table {table} has a column `{column}` of type {type}, for which sync knows no ClickHouse type: nothing of {table} is \
         loaded until the column is dropped, or added to otel.{table} by hand with a type that can hold it"
    )]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its Iceberg type.
        r#type: String,
    },
    /// What was loaded is not what the lake counts.
    #[error(
        "{table} of {day}: the lake's files hold {expected} rows, but {found} arrived in staging; the day stays as it was"
    )]
    Count {
        /// The table.
        table: String,
        /// The day.
        day: Date,
        /// By the lake's manifests.
        expected: u64,
        /// In the staging table.
        found: u64,
    },
    /// An audit found differences and did not repair them.
    #[error(
        "{report}: build what differs anew with `lakefront-sync audit --repair`; otel.audit holds the findings"
    )]
    Differs {
        /// What was found.
        report: String,
    },
    /// The ledger came in part.
    #[error(
        "{target} has {expected} rows of the ledger and sent {found}: raise max_result_rows for sync's user"
    )]
    Ledger {
        /// The ClickHouse.
        target: String,
        /// Rows it counts.
        expected: u64,
        /// Rows that came.
        found: u64,
    },
    /// An applied migration is not the one that this version carries.
    #[error(
        "migration {version} ({name}) was applied to {target} with another text than this version has: migrations are never changed, \
         run the version of lakefront-sync that belongs to it, or start with an empty ClickHouse"
    )]
    Migration {
        /// The ClickHouse.
        target: String,
        /// Its number.
        version: u32,
        /// Its name.
        name: String,
    },
}

impl Error {
    /// Whether other days of the same ClickHouse may fare better: what failed is about this one.
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

    /// Returns true if a table or the database is not there.
    pub fn is_unknown_table(&self) -> bool {
        matches!(self, Self::Target(error) if error.is_unknown_table())
    }
}

/// Codes by which a server says that it can do nothing now, or that its tables are gone.
fn exception_of_server(exception: &Exception) -> bool {
    // UNKNOWN_TABLE, UNKNOWN_DATABASE, TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, READONLY, TABLE_IS_READ_ONLY,
    // NOT_ENOUGH_SPACE, TOO_MANY_PARTS, QUERY_WAS_CANCELLED (by the next holder of the lease), AUTHENTICATION_FAILED, ACCESS_DENIED
    [60, 81, 159, 164, 202, 242, 243, 252, 394, 497, 516].contains(&exception.code)
}

/// A ClickHouse failed or refused.
#[derive(Debug, thiserror::Error)]
#[error("{target} can't {doing}: {cause}")]
pub struct TargetError {
    /// The ClickHouse.
    pub target: String,
    /// What was tried.
    pub doing: String,
    /// Why not.
    #[source]
    pub cause: TargetCause,
}

/// Why a statement did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetCause {
    /// ClickHouse says so.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The lease that the statement was sent under is gone.
    #[error("another sync has taken the lease over, and this one stops")]
    LeaseLost,
    /// No answer.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// The connection, or an answer that can't be read.
    #[error("{0}")]
    Client(#[source] clickhouse::error::Error),
}

impl TargetError {
    /// What ClickHouse said, where it said anything.
    pub fn exception(&self) -> Option<&Exception> {
        match &self.cause {
            TargetCause::Exception(exception) => Some(exception),
            _ => None,
        }
    }

    /// Whether the table or the database is not there.
    pub fn is_unknown_table(&self) -> bool {
        self.exception()
            .is_some_and(|exception| [60, 81].contains(&exception.code))
    }

    /// Whether the table is there already.
    pub fn is_existing_table(&self) -> bool {
        self.exception().is_some_and(|exception| exception.code == 57)
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

/// Result of sync.
pub type Result<T, E = Error> = std::result::Result<T, E>;
