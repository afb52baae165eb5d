//! What a failed call to an engine means: for the next engine, for what is believed of this one, for the caller.

use std::time::Duration;

use lakefront_api::{BackendKind, Problem, ProblemType};
use lakefront_clickhouse_http::{Exception, ReplyError, RequestError, status_of};
use thiserror::Error;

/// How a call to an engine failed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EngineFailure {
    /// No connection, or one that broke.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// An answer that is none.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// An answer larger than the Worker takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Nothing was sent: the statement's parameters do not fit a request.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Who wrote the statement: that decides whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A named query: we did.
    Named,
    /// Ad-hoc SQL: the caller did.
    AdHoc,
}

/// ClickHouse error codes, as `system.errors` numbers them.
mod code {
    pub const UNKNOWN_TABLE: u32 = 60;
    pub const UNKNOWN_DATABASE: u32 = 81;
    pub const TOO_MANY_ROWS: u32 = 158;
    pub const TIMEOUT_EXCEEDED: u32 = 159;
    pub const TOO_SLOW: u32 = 160;
    pub const READONLY: u32 = 164;
    pub const TOO_MANY_SIMULTANEOUS_QUERIES: u32 = 202;
    pub const MEMORY_LIMIT_EXCEEDED: u32 = 241;
    pub const TOO_MANY_BYTES: u32 = 307;
    pub const QUERY_IS_PROHIBITED: u32 = 392;
    pub const TOO_MANY_ROWS_OR_BYTES: u32 = 396;
    pub const ACCESS_DENIED: u32 = 497;
    pub const AUTHENTICATION_FAILED: u32 = 516;
}

impl EngineFailure {
    fn exception(&self) -> Option<&Exception> {
        match self {
            Self::Reply(reply) => reply.exception(),
            _ => None,
        }
    }

    /// In a word, for counting.
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

    /// Whether the next engine is asked.
    pub fn fails_over(&self, asked: Asked) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Deadline(_) => asked == Asked::Named,
            Self::Reply(ReplyError::Exception(exception)) => match exception.code {
                code::TOO_MANY_SIMULTANEOUS_QUERIES | code::AUTHENTICATION_FAILED => true,
                // Of a statement by the caller these are the caller's errors. A statement of ours may still suit the next
                // engine if this one lacks the tables or was too slow, or if it broke (5xx): a file that can't be read,
                // a limit on memory, a view that does not hold the range.
                code::UNKNOWN_TABLE | code::UNKNOWN_DATABASE | code::TIMEOUT_EXCEEDED => {
                    asked == Asked::Named
                }
                code => asked == Asked::Named && status_of(code).is_server_error(),
            },
            Self::Reply(ReplyError::Status { status, .. }) => *status >= 500 || *status == 429,
            // The next engine would answer the same.
            Self::Reply(ReplyError::Format { .. } | ReplyError::TooManyValues { .. }) => false,
            Self::Reply(_) => true,
            Self::TooLarge(_) | Self::Request(_) => false,
        }
    }

    /// Returns true if the engine counts as down from now on. A deadline may be the question's own: see [`Self::overran`].
    pub fn marks_down(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// Returns true if a question of ours ran into its deadline. Statements of callers may take as long as they like.
    pub fn overran(&self, asked: Asked) -> bool {
        matches!(self, Self::Deadline(_)) && asked == Asked::Named
    }

    /// Whether it shows that the engine's data is not as it last told: a table or a view went missing, or can't be read.
    pub fn casts_doubt(&self, asked: Asked) -> bool {
        let exception = self.exception().map(|exception| exception.code);
        self.fails_over(asked)
            && exception.is_some_and(|code| {
                let busy = code == code::TOO_MANY_SIMULTANEOUS_QUERIES;
                asked == Asked::Named && !busy && !is_limit(code)
            })
    }

    /// What the caller is told when no other engine is left, by which kind of engine it was.
    pub fn problem(&self, asked: Asked, engine: BackendKind) -> Problem {
        let (kind, detail) = self.explained(asked);
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

    fn explained(&self, asked: Asked) -> (ProblemType, String) {
        let narrower = match asked {
            Asked::Named => "ask for a shorter time range",
            Asked::AdHoc => "filter on Timestamp or read fewer columns",
        };
        if let Some(exception) = self.exception() {
            let (kind, detail) = refused(exception.code, asked);
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
                "{engine} takes no more queries; try again in a second".into(),
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

/// The code of an exception and its name: `code 241 MEMORY_LIMIT_EXCEEDED`.
fn named_code(exception: &Exception) -> String {
    /// Longer ones are not names of ClickHouse.
    const LONGEST: usize = 64;
    let Exception { code, name, .. } = exception;
    if name.is_empty() || name.len() > LONGEST {
        return format!("code {code}");
    }
    format!("code {code} {name}")
}

/// Whether a code says that a limit on time, memory, rows or bytes was hit.
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

/// The problem behind an exception.
fn refused(exception: u32, asked: Asked) -> (ProblemType, &'static str) {
    match (exception, asked) {
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
        (code::READONLY | code::QUERY_IS_PROHIBITED | code::ACCESS_DENIED, Asked::AdHoc) => (
            ProblemType::ForbiddenStatement,
            "only one SELECT over the otel tables is allowed; see the engine's message",
        ),
        (_, Asked::AdHoc) => (
            ProblemType::QueryFailed,
            "{engine} refused the statement; see its message",
        ),
        (code, Asked::Named)
            if matches!(code, code::UNKNOWN_TABLE | code::UNKNOWN_DATABASE)
                || status_of(code).is_server_error() =>
        {
            (
                ProblemType::NoBackend,
                "{engine} cannot read the tables; see its message",
            )
        }
        (_, Asked::Named) => (
            ProblemType::Internal,
            "{engine} refused a statement of ours; see its message",
        ),
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
