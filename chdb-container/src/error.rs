//! The one error type of this crate, with the ClickHouse exception that each error becomes.

use std::time::Duration;

use lakefront_clickhouse_http::{BadParam, BadRequest, Exception, code};
use lakefront_hosts::Foreign;

/// An error of a query.
///
/// Callers get each error in ClickHouse's form: the code of [`Error::exception`], and the HTTP status of that code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine or the gate refused the statement, or the engine failed while running it.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The engine's library failed outside a query.
    #[error("the engine failed: {0}")]
    Engine(#[from] chdb_rust::error::Error),
    /// The engine's configuration file can't be written.
    #[error("the engine's configuration can't be written to a temporary file: {0}")]
    Configuration(#[from] std::io::Error),
    /// The request is not a valid request of the ClickHouse HTTP interface.
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    /// A JSON value of `params` fits no placeholder, such as an object.
    #[error("params.{name}: {source}")]
    BadParam {
        /// The parameter's name.
        name: String,
        /// The reason, with the values that a parameter may have.
        source: BadParam,
    },
    /// The body is malformed: the JSON of `/query`, a content encoding, a compressed block, or a body that is too long.
    #[error("{0}")]
    BadBody(String),
    /// The engine secret is missing or wrong.
    #[error(
        "the engine's secret is missing or wrong: send it as x-lakefront-engine-secret, as the password or as a \
         bearer token"
    )]
    Unauthorized,
    /// The user does not exist, or the password is wrong. The message is the same for both.
    #[error("{user}: Authentication failed: password is incorrect, or there is no user with such name")]
    WrongPassword {
        /// The name that was sent.
        user: String,
    },
    /// A browser sent the request as a user without a password.
    #[error(
        "{user}: Authentication failed: a request of a browser (it has Origin or Sec-Fetch-Site) needs a user with a password"
    )]
    Browser {
        /// The name that was sent.
        user: String,
    },
    /// A request without credentials names another host, or comes from a web page.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// All slots are taken, and the queue is full or the wait for a slot timed out.
    #[error(
        "too many simultaneous queries: all {slots} slots are taken and {waiting} queries wait; try again"
    )]
    Busy {
        /// The number of queries that may run at the same time.
        slots: u16,
        /// The number of queries that were waiting.
        waiting: usize,
    },
    /// The process is shutting down and takes no new queries.
    #[error("the engine is shutting down; try again")]
    ShuttingDown,
    /// The lake has no such table, or the table can't be read.
    #[error("{0}")]
    NoTable(String),
}

impl Error {
    /// Returns the delay after which a retry makes sense; `None` if a retry would fail in the same way.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy { .. } | Self::ShuttingDown).then_some(Duration::from_secs(1))
    }

    /// Returns the error as a ClickHouse exception.
    pub fn exception(&self) -> Exception {
        let code = match self {
            Self::Exception(exception) => return exception.clone(),
            Self::Engine(_) | Self::Configuration(_) => code::STD_EXCEPTION,
            Self::BadRequest(BadRequest::Authorization)
            | Self::Unauthorized
            | Self::WrongPassword { .. }
            | Self::Browser { .. } => code::AUTHENTICATION_FAILED,
            Self::Foreign(_) => code::ACCESS_DENIED,
            Self::BadRequest(BadRequest::ExternalTable) => code::NOT_IMPLEMENTED,
            Self::BadRequest(_) | Self::BadParam { .. } | Self::BadBody(_) => code::BAD_ARGUMENTS,
            Self::Busy { .. } | Self::ShuttingDown => code::TOO_MANY_SIMULTANEOUS_QUERIES,
            Self::NoTable(_) => code::UNKNOWN_TABLE,
        };
        Exception::of(code, self.to_string())
    }
}
