//! Bearer keys.

use axum::{
    extract::{Request, State},
    http::header::AUTHORIZATION,
    middleware::Next,
    response::Response,
};

use super::{AppState, error::ApiError};
use crate::otlp::Format;

/// Lets a request pass if it carries a key, or if none is needed.
pub async fn require_key(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let keys = &state.config.server.keys;
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| bearer(value.as_bytes()));
    if keys.is_open() || given.is_some_and(|key| keys.contains(key)) {
        return next.run(request).await;
    }
    let format = Format::of(request.headers()).unwrap_or(Format::Json);
    ApiError::Unauthenticated.response(format)
}

/// The token of `Bearer TOKEN`; the scheme's case is free (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}
