//! The failures of calls to engines: whether another engine is tried, how the cached status changes, and which problem
//! the caller gets.

use std::time::Duration;

use lakefront_api::{BackendKind, NO_SUCH_STATE, Problem, ProblemType};
use lakefront_clickhouse_http::{Exception, ReplyError, RequestError, code, status_of};
use thiserror::Error;

/// The failure of a call to an engine.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EngineFailure {
    /// There was no connection, or it broke.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// There was no answer within this time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// The reply is an exception, an error status, or not in the expected form.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// The answer is larger than this number of bytes, the most that the Worker accepts.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The request was not sent: the statement's parameters do not fit into one.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The author of a statement, who is responsible if an engine refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementOrigin {
    /// A named query, whose author is Lakefront.
    Named,
    /// A search: a statement of Lakefront with a condition of the caller's, so that its duration is up to the caller.
    Search,
    /// Ad-hoc SQL, whose author is the caller.
    AdHoc,
}

impl StatementOrigin {
    /// Returns true if Lakefront wrote the statement.
    const fn is_ours(self) -> bool {
        matches!(self, Self::Named | Self::Search)
    }
}

impl EngineFailure {
    fn exception(&self) -> Option<&Exception> {
        match self {
            Self::Reply(reply) => reply.exception(),
            _ => None,
        }
    }

    /// Returns the failure in a few words, for counting.
    pub fn name(&self) -> String {
        match self {
            Self::Unreachable(_) => "unreachable".into(),
            Self::Deadline(_) => "deadline".into(),
            Self::Reply(ReplyError::Exception(exception)) => named_code(exception),
            Self::Reply(ReplyError::Status { status, .. }) => format!("status {status}"),
            Self::Reply(ReplyError::Format { .. }) => "format".into(),
            Self::Reply(ReplyError::TooManyValues { .. }) => "too large".into(),
            Self::Reply(_) => "malformed".into(),
            Self::TooLarge(_) => "too large".into(),
            Self::Request(_) => "not sent".into(),
        }
    }

    /// Returns true if the next engine of the plan is tried.
    pub fn fails_over(&self, origin: StatementOrigin) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Deadline(_) => origin.is_ours(),
            Self::Reply(ReplyError::Exception(exception)) => match exception.code {
                code::TOO_MANY_SIMULTANEOUS_QUERIES | code::AUTHENTICATION_FAILED => true,
                // These are the caller's errors if the caller wrote the statement. A named query may still succeed on
                // the next engine. This one may lack the tables or be too slow. It may also have broken (5xx), due to
                // an unreadable file, a limit on memory, or a view that does not hold the range.
                code::UNKNOWN_TABLE | code::UNKNOWN_DATABASE | code::TIMEOUT_EXCEEDED => origin.is_ours(),
                code => origin.is_ours() && status_of(code).is_server_error(),
            },
            Self::Reply(ReplyError::Status { status, .. }) => *status >= 500 || *status == 429,
            // The next engine would give the same answer.
            Self::Reply(ReplyError::Format { .. } | ReplyError::TooManyValues { .. }) => false,
            Self::Reply(_) => true,
            Self::TooLarge(_) | Self::Request(_) => false,
        }
    }

    /// Returns true if the engine counts as down from now on. A deadline may be due to the query itself: see
    /// [`Self::overran`].
    pub fn marks_down(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// Returns true if a named query ran into its deadline. Ad-hoc SQL and searches may take any time, so their deadlines
    /// show nothing about the engine.
    pub fn overran(&self, origin: StatementOrigin) -> bool {
        matches!(self, Self::Deadline(_)) && origin == StatementOrigin::Named
    }

    /// Returns true if the failure contradicts the engine's last report: a table or a view is missing, or cannot be
    /// read.
    pub fn contradicts_report(&self, origin: StatementOrigin) -> bool {
        let exception = self.exception().map(|exception| exception.code);
        self.fails_over(origin)
            && exception.is_some_and(|code| {
                let busy = code == code::TOO_MANY_SIMULTANEOUS_QUERIES;
                origin.is_ours() && !busy && !is_limit(code)
            })
    }

    /// Returns the problem for the caller when no other engine is left. `engine` is the kind of the engine that failed.
    pub fn problem(&self, origin: StatementOrigin, engine: BackendKind) -> Problem {
        let (kind, detail) = self.explained(origin);
        let detail = match engine {
            BackendKind::Chdb => detail
                .replace("{engine}", "chDB")
                .replace("{secret}", "ENGINE_SECRET"),
            BackendKind::Clickhouse => detail
                .replace("{engine}", "ClickHouse")
                .replace("{secret}", "CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"),
        };
        let problem = Problem::new(kind, detail);
        match self {
            Self::Reply(ReplyError::Exception(exception)) => {
                problem.with_engine(Some(exception.code), exception.message.clone())
            }
            Self::Reply(_) | Self::Unreachable(_) => problem.with_engine(None, self.to_string()),
            _ => problem,
        }
    }

    fn explained(&self, origin: StatementOrigin) -> (ProblemType, String) {
        let narrower = match origin {
            StatementOrigin::Named | StatementOrigin::Search => "ask for a shorter time range",
            StatementOrigin::AdHoc => "filter on Timestamp or read fewer columns",
        };
        if let Some(exception) = self.exception() {
            if exception.code == code::BAD_ARGUMENTS && exception.message.starts_with(NO_SUCH_STATE) {
                return (ProblemType::BadRequest, format!("at: {}", exception.message));
            }
            let (kind, detail) = refused(exception.code, origin);
            return (kind, detail.replace("{narrower}", narrower));
        }
        match self {
            Self::Unreachable(_) => (
                ProblemType::NoBackend,
                "{engine} does not answer; try again in 10 seconds".into(),
            ),
            Self::Deadline(limit) => (
                ProblemType::Timeout,
                format!("no answer within {} s; {narrower}", limit.as_secs_f32()),
            ),
            Self::TooLarge(limit) => (
                ProblemType::QueryFailed,
                format!("the answer is larger than {limit} bytes; {narrower}"),
            ),
            Self::Request(error) => (ProblemType::BadRequest, format!("params: {error}")),
            Self::Reply(ReplyError::Status {
                status: 429 | 503, ..
            }) => (
                ProblemType::Busy,
                "{engine} takes no queries now; try again in a few seconds".into(),
            ),
            Self::Reply(ReplyError::Format { format }) => (
                ProblemType::BadRequest,
                format!("sql: leave FORMAT {format} out; the answer is always JSON"),
            ),
            Self::Reply(ReplyError::TooManyValues { limit }) => (
                ProblemType::QueryFailed,
                format!("the answer has more than {limit} values; {narrower}, or select fewer columns"),
            ),
            Self::Reply(_) => (
                ProblemType::NoBackend,
                "the answer of {engine} cannot be read; try again in 10 seconds".into(),
            ),
        }
    }
}

/// Returns the code and the name of an exception, such as `code 241 MEMORY_LIMIT_EXCEEDED`.
fn named_code(exception: &Exception) -> String {
    /// A longer text is not the name of a ClickHouse error.
    const LONGEST: usize = 64;
    let Exception { code, name, .. } = exception;
    if name.is_empty() || name.len() > LONGEST {
        return format!("code {code}");
    }
    format!("code {code} {name}")
}

/// Returns true if an error code stands for a limit on time, memory, rows or bytes.
const fn is_limit(exception: u32) -> bool {
    matches!(
        exception,
        code::TOO_MANY_ROWS
            | code::TIMEOUT_EXCEEDED
            | code::TOO_SLOW
            | code::MEMORY_LIMIT_EXCEEDED
            | code::TOO_MANY_BYTES
            | code::TOO_MANY_ROWS_OR_BYTES
    )
}

/// Returns the type and the detail of the problem for an exception.
fn refused(exception: u32, origin: StatementOrigin) -> (ProblemType, &'static str) {
    match (exception, origin) {
        (code::TOO_MANY_SIMULTANEOUS_QUERIES, _) => (
            ProblemType::Busy,
            "{engine} takes no more queries; try again in a second",
        ),
        (code::AUTHENTICATION_FAILED, _) => (
            ProblemType::NoBackend,
            "{engine} does not accept {secret}: give it and the router the same",
        ),
        (code, _) if is_limit(code) => (
            ProblemType::QueryFailed,
            "the query hit a limit of {engine}; {narrower}",
        ),
        (code::READONLY | code::QUERY_IS_PROHIBITED | code::ACCESS_DENIED, StatementOrigin::AdHoc) => (
            ProblemType::ForbiddenStatement,
            "only one SELECT over the otel tables is allowed; see the engine's message",
        ),
        (_, StatementOrigin::AdHoc) => (
            ProblemType::QueryFailed,
            "{engine} refused the statement; see its message",
        ),
        (code, StatementOrigin::Named | StatementOrigin::Search)
            if code::is_unknown_table(code) || status_of(code).is_server_error() =>
        {
            (
                ProblemType::NoBackend,
                "{engine} cannot read the tables; see its message",
            )
        }
        (_, StatementOrigin::Named | StatementOrigin::Search) => (
            ProblemType::Internal,
            "{engine} refused a statement of ours; see its message",
        ),
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
