use std::time::Duration;

use lakefront_clickhouse_http::{BadParam, BadRequest, Exception};
use lakefront_hosts::Foreign;

/// Why a query has no answer.
///
/// Callers get it the way ClickHouse would say it: [`Error::exception`] with its code, and the HTTP status of that code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine refused or failed; or the gate did, in the engine's terms.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The engine's library failed outside a query.
    #[error("the engine failed: {0}")]
    Engine(#[from] chdb_rust::error::Error),
    /// The engine's configuration can't be handed to it.
    #[error("the engine's configuration can't be written to a temporary file: {0}")]
    Configuration(#[from] std::io::Error),
    /// The request can't be read.
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    /// A parameter has a value no placeholder takes.
    #[error("params.{name}: {source}")]
    BadParam {
        /// The parameter's name.
        name: String,
        /// What it takes.
        source: BadParam,
    },
    /// The body of `/query` is not what it takes.
    #[error("{0}")]
    BadBody(String),
    /// The secret is missing or wrong.
    #[error(
        "the engine's secret is missing or wrong: send it as x-lakefront-engine-secret, as the password or as a \
         bearer token"
    )]
    Unauthorized,
    /// No such user, or another password.
    #[error("{user}: Authentication failed: password is incorrect, or there is no user with such name")]
    WrongPassword {
        /// The name that was sent.
        user: String,
    },
    /// A browser asked as a user who has no password.
    #[error(
        "{user}: Authentication failed: a request of a browser (it has Origin or Sec-Fetch-Site) needs a user with a password"
    )]
    Browser {
        /// The name that was sent.
        user: String,
    },
    /// A request without credentials for another host, or of a web page.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// All slots are taken and the queue is full, or a place in it took too long.
    #[error(
        "too many simultaneous queries: all {slots} slots are taken and {waiting} queries wait; try again"
    )]
    Busy {
        /// How many queries may run.
        slots: u16,
        /// How many waited.
        waiting: usize,
    },
    /// The process is ending.
    #[error("the engine is shutting down; try again")]
    ShuttingDown,
    /// No such table in the lake.
    #[error("{0}")]
    NoTable(String),
}

impl Error {
    /// When a caller may try again.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy { .. } | Self::ShuttingDown).then_some(Duration::from_secs(1))
    }

    /// The same in ClickHouse's terms.
    pub fn exception(&self) -> Exception {
        let (code, name) = match self {
            Self::Exception(exception) => return exception.clone(),
            Self::Engine(_) | Self::Configuration(_) => (1001, "STD_EXCEPTION"),
            Self::BadRequest(BadRequest::Authorization)
            | Self::Unauthorized
            | Self::WrongPassword { .. }
            | Self::Browser { .. } => (516, "AUTHENTICATION_FAILED"),
            Self::Foreign(_) => (497, "ACCESS_DENIED"),
            Self::BadRequest(BadRequest::ExternalTable) => (48, "NOT_IMPLEMENTED"),
            Self::BadRequest(_) | Self::BadParam { .. } | Self::BadBody(_) => (36, "BAD_ARGUMENTS"),
            Self::Busy { .. } | Self::ShuttingDown => (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
            Self::NoTable(_) => (60, "UNKNOWN_TABLE"),
        };
        Exception::new(code, name, self.to_string())
    }
}
