//! The error types of this crate.

use crate::Exception;

/// The error of a JSON value that can't be a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a parameter takes text, a number, true, false, null, or a list or an object of those, nested at most {depth} deep"
)]
#[non_exhaustive]
pub struct BadParam {
    /// The permitted depth of nested lists and objects.
    pub depth: usize,
}

/// The error of a statement that does not fit into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The parameters do not fit into the address, which may have 64 kB.
    #[error("the parameters are too long: together at most 64 kB fit a request")]
    TooLong,
    /// The user's name or password has a line break or another control character.
    #[error("the user's name and password must be printable text")]
    Credentials,
}

/// The error of a request that a server can't parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// `Authorization` is neither basic nor bearer.
    #[error("Authorization must be `Basic <base64 of user:password>` or `Bearer <token>`")]
    Authorization,
    /// A `multipart/form-data` body is malformed.
    #[error("the body must be the statement, or a multipart form with the fields query and param_<name>")]
    Form,
    /// A form has a file, which ClickHouse takes as an external table.
    #[error("files in a form (external tables) are not taken")]
    ExternalTable,
    /// The statement is not UTF-8.
    #[error("the statement must be UTF-8 text")]
    NotText,
}

/// The error of a reply that has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The engine refused the statement, or failed while running it.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The reply is not from a ClickHouse server, but from another server or a proxy.
    #[error("expected a ClickHouse reply, got HTTP status {status}: {text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        text: String,
    },
    /// The reply is in another format, for example because the statement has a FORMAT clause.
    #[error("expected the format JSONCompact, got {format}")]
    Format {
        /// The format of the reply.
        format: String,
    },
    /// The answer has more values than are held in memory.
    #[error("the answer has more than {limit} values")]
    TooManyValues {
        /// The most values.
        limit: usize,
    },
    /// The status is 200, but the body is not a document of the requested format.
    #[error("expected a JSONCompact document: {reason}")]
    Malformed {
        /// The parser's error.
        reason: String,
    },
}

impl ReplyError {
    /// Returns the engine's exception, if the error is one.
    pub fn exception(&self) -> Option<&Exception> {
        match self {
            Self::Exception(exception) => Some(exception),
            _ => None,
        }
    }
}
