use crate::Exception;

/// A value that has no text as a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a parameter takes text, a number, true, false, null, or a list or an object of those, nested at most {depth} deep"
)]
#[non_exhaustive]
pub struct BadParam {
    /// How deep lists and objects may nest.
    pub depth: usize,
}

/// A statement that no request can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The address holds the parameters, and addresses end at 64 kB.
    #[error("the parameters are too long: together at most 64 kB fit a request")]
    TooLong,
    /// A user's name or password with a line break or another control character.
    #[error("the user's name and password must be printable text")]
    Credentials,
}

/// A request a server can't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// `Authorization` is neither basic nor bearer.
    #[error("Authorization must be `Basic <base64 of user:password>` or `Bearer <token>`")]
    Authorization,
    /// `multipart/form-data` that can't be read.
    #[error("the body must be the statement, or a multipart form with the fields query and param_<name>")]
    Form,
    /// A file in a form: ClickHouse's external tables.
    #[error("files in a form (external tables) are not taken")]
    ExternalTable,
    /// The statement is not UTF-8.
    #[error("the statement must be UTF-8 text")]
    NotText,
}

/// A reply without an answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The engine refused the statement, or failed while running it.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// Something that is not a ClickHouse answered, or a proxy in front of one.
    #[error("expected a ClickHouse reply, got HTTP status {status}: {text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        text: String,
    },
    /// The statement names another format than the one that is read.
    #[error("expected the format JSONCompact, got {format}")]
    Format {
        /// The format of the reply.
        format: String,
    },
    /// More values than are held in memory.
    #[error("the answer has more than {limit} values")]
    TooManyValues {
        /// How many are.
        limit: usize,
    },
    /// Status 200, but the body is not the format that was asked for.
    #[error("expected a JSONCompact document: {reason}")]
    Malformed {
        /// Where reading stopped.
        reason: String,
    },
}

impl ReplyError {
    /// The engine's exception, where it is one.
    pub fn exception(&self) -> Option<&Exception> {
        match self {
            Self::Exception(exception) => Some(exception),
            _ => None,
        }
    }
}
