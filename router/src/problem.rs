//! Problem documents as HTTP replies.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use lakefront_api::{Problem, ProblemType};

/// A problem as a reply: the only form of an error in the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(pub Problem);

impl ApiError {
    /// Creates a refusal of a type. `detail` is a sentence that says what to do.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self(Problem::new(kind, detail))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Serialization fails only for non-finite numbers and maps without text keys, and a problem has neither.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after(problem.kind) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if problem.kind == ProblemType::Unauthorized {
            // A browser shows its password dialogue for Basic: any user name, the token as password.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Lakefront\", charset=\"UTF-8\", Bearer"),
            );
        }
        response
    }
}

/// Returns the value of `Retry-After` in seconds. A full queue moves on within a second; a down backend is tried again
/// after 10 s.
const fn retry_after(kind: ProblemType) -> Option<&'static str> {
    match kind {
        ProblemType::Busy => Some("1"),
        ProblemType::NoBackend => Some("10"),
        _ => None,
    }
}
