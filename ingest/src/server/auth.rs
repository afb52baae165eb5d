//! Access checks: bearer keys for telemetry, and names of this host for `/health` and `/metrics`.

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};

use lakefront_hosts::is_by_browser;
use lakefront_otlp::{Format, given_key};

use super::{AppState, error::ApiError};

/// The setting that names hosts, for messages.
pub const HOSTS_VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";

/// Passes a request on if it carries a key, or if the server has no keys. Answers 401 otherwise.
pub async fn require_key(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.config.server.keys.is_open() || has_key(&state, &request) {
        return next.run(request).await;
    }
    let format = Format::of(request.headers()).unwrap_or(Format::Json);
    ApiError::Unauthenticated.response(format)
}

/// Passes a request for `/health` or `/metrics` on if it carries a key. Without a key the request must name this host,
/// and no page of another origin may have sent it; otherwise the answer is 403.
///
/// Telemetry is accepted under any host name: pages of all origins send it, and its answer contains no data.
pub async fn require_own_host(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if !has_key(&state, &request) {
        let checked = state
            .allowed_hosts
            .check(request.uri(), request.headers(), HOSTS_VARIABLE);
        if let Err(foreign) = checked {
            return ApiError::from(foreign).into_response();
        }
    }
    next.run(request).await
}

fn has_key(state: &AppState, request: &Request) -> bool {
    let server = &state.config.server;
    given_key(request.headers())
        .is_some_and(|key| server.keys.contains(key) || server.router_key.contains(key))
}

/// Returns true if a request may carry the router's own events. Without a key of the router, only browsers are known
/// to be other senders.
pub fn may_be_the_router(state: &AppState, headers: &HeaderMap) -> bool {
    let key = &state.config.server.router_key;
    if key.is_open() {
        return !is_by_browser(headers);
    }
    given_key(headers).is_some_and(|given| key.contains(given))
}
