//! Problem documents as replies.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use lakefront_api::{Problem, ProblemType};

/// The one way in which the API says that something went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Problem);

impl Refusal {
    /// A refusal of a type, with the sentence that says what to do.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self(Problem::new(kind, detail))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Only a number that is not finite or a map without text keys could fail; a problem has neither.
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
            // Basic is what a browser can ask its user for: any user name, the token as password.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Lakefront\", charset=\"UTF-8\", Bearer"),
            );
        }
        response
    }
}

/// A full queue moves on within a second; a backend that is down is probed again after 10 s.
const fn retry_after(kind: ProblemType) -> Option<&'static str> {
    match kind {
        ProblemType::Busy => Some("1"),
        ProblemType::NoBackend => Some("10"),
        _ => None,
    }
}
