//! Bearer keys, and names of the host for those who have none.

use axum::{
    extract::{Request, State},
    http::header::AUTHORIZATION,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{AppState, error::ApiError};
use crate::otlp::Format;

/// Lets a request pass if it carries a key, or if none is needed.
pub async fn require_key(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.config.server.keys.is_open() || has_key(&state, &request) {
        return next.run(request).await;
    }
    let format = Format::of(request.headers()).unwrap_or(Format::Json);
    ApiError::Unauthenticated.response(format)
}

/// Lets a request for the state of the process pass if it carries a key, or if it is for a name of this host and no page of another
/// origin sent it. Telemetry is taken under any name: pages of all origins send it, and the answer holds nothing.
pub async fn require_own_host(State(state): State<AppState>, request: Request, next: Next) -> Response {
    const VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";
    if !has_key(&state, &request) {
        let checked = state
            .allowed_hosts
            .check(request.uri(), request.headers(), VARIABLE);
        if let Err(foreign) = checked {
            return ApiError::from(foreign).into_response();
        }
    }
    next.run(request).await
}

fn has_key(state: &AppState, request: &Request) -> bool {
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| bearer(value.as_bytes()));
    given.is_some_and(|key| state.config.server.keys.contains(key))
}

/// The token of `Bearer TOKEN`; the scheme's case is free (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}
