//! Problem documents (RFC 9457) and their types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An RFC 9457 problem document, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The type of the problem, which is stable for programs.
    #[serde(rename = "type")]
    pub kind: ProblemType,
    /// A few words, which are the same for every problem of the type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence that says what to do.
    pub detail: String,
    /// The exception code of the engine, if an engine refused the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The message of the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_message: Option<String>,
    /// The number of characters before the fault in the text of a search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
}

/// The stable types of problems, each with its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProblemType {
    /// 400: the body or a parameter is not in the expected form.
    #[serde(rename = "https://lakefront.dev/problems/bad-request")]
    BadRequest,
    /// 401: a token is missing or wrong.
    #[serde(rename = "https://lakefront.dev/problems/unauthorized")]
    Unauthorized,
    /// 403: the host name of the request is not allowed, or a web page of another origin sent it.
    #[serde(rename = "https://lakefront.dev/problems/foreign-request")]
    ForeignRequest,
    /// 403: the statement does more than read the `otel` tables.
    #[serde(rename = "https://lakefront.dev/problems/forbidden-statement")]
    ForbiddenStatement,
    /// 404: there is no such query or path.
    #[serde(rename = "https://lakefront.dev/problems/not-found")]
    NotFound,
    /// 405: the path exists for other methods.
    #[serde(rename = "https://lakefront.dev/problems/method-not-allowed")]
    MethodNotAllowed,
    /// 413: the body is too large.
    #[serde(rename = "https://lakefront.dev/problems/too-large")]
    TooLarge,
    /// 415: the path does not accept the body's media type.
    #[serde(rename = "https://lakefront.dev/problems/unsupported-media-type")]
    UnsupportedMediaType,
    /// 422: the engine refused the statement, or the statement reached a limit.
    #[serde(rename = "https://lakefront.dev/problems/query-failed")]
    QueryFailed,
    /// 503: the engine's queue is full. The caller should try again.
    #[serde(rename = "https://lakefront.dev/problems/busy")]
    Busy,
    /// 503: no engine could answer.
    #[serde(rename = "https://lakefront.dev/problems/no-backend")]
    NoBackend,
    /// 504: no engine answered in time.
    #[serde(rename = "https://lakefront.dev/problems/timeout")]
    Timeout,
    /// 500: Lakefront itself is at fault.
    #[serde(rename = "https://lakefront.dev/problems/internal")]
    Internal,
}

impl ProblemType {
    /// Returns the HTTP status of the type.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::ForeignRequest | Self::ForbiddenStatement => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::QueryFailed => 422,
            Self::Busy | Self::NoBackend => 503,
            Self::Timeout => 504,
            Self::Internal => 500,
        }
    }

    /// Returns the title of the type.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "bad request",
            Self::Unauthorized => "unauthorized",
            Self::ForeignRequest => "request not allowed",
            Self::ForbiddenStatement => "statement not allowed",
            Self::NotFound => "not found",
            Self::MethodNotAllowed => "method not allowed",
            Self::TooLarge => "request too large",
            Self::UnsupportedMediaType => "unsupported media type",
            Self::QueryFailed => "query failed",
            Self::Busy => "busy",
            Self::NoBackend => "no backend can answer",
            Self::Timeout => "timeout",
            Self::Internal => "internal error",
        }
    }
}

impl Problem {
    /// Creates a problem of a type. `detail` is a sentence that says what to do.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title: kind.title().into(),
            status: kind.status(),
            detail: detail.into(),
            code: None,
            engine_message: None,
            position: None,
        }
    }

    /// Adds the place of the fault in the text of a search.
    #[must_use]
    pub fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds the engine's exception code and message.
    #[must_use]
    pub fn with_engine(mut self, code: Option<u32>, message: impl Into<String>) -> Self {
        self.code = code;
        self.engine_message = Some(message.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}
