//! Access checks: bearer keys for telemetry, and names of this host for `/health` and `/metrics`.

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};

use lakefront_hosts::is_by_browser;
use lakefront_otel::decode::Signal;
use lakefront_otlp::{Format, given_key};

use super::{AppState, error::ApiError, grpc};

/// The setting that names hosts, for messages.
pub const HOSTS_VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";

/// Passes a request on if it carries a key, or if the server has no keys. Answers 401 otherwise, and 403 if the
/// key is for pages of other origins.
pub async fn require_key(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let server = &state.config.server;
    let headers = request.headers();
    let key = key_name(&state, headers);
    let refusal = match key {
        _ if server.keys.is_open() => return next.run(request).await,
        "" => ApiError::Unauthenticated,
        key if !server.key_origins.allow(key, headers) => ApiError::KeyOrigin,
        _ => return next.run(request).await,
    };
    let path = request.uri().path();
    let is_of = |signal: &Signal| [signal.path(), grpc::path(*signal)].contains(&path);
    if let Some(signal) = Signal::ALL.into_iter().find(is_of) {
        state
            .usage
            .count(|usage| usage.refused(key, signal.name(), refusal.reason()));
    }
    refusal.response(Format::of(headers).unwrap_or(Format::Json))
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
    !key_name(state, request.headers()).is_empty()
}

/// Returns the name of the key that a request carries: `router` for the router's, and an empty text without a known one.
pub fn key_name<'a>(state: &'a AppState, headers: &HeaderMap) -> &'a str {
    let server = &state.config.server;
    let Some(given) = given_key(headers) else {
        return "";
    };
    match server.keys.name_of(given) {
        Some(name) => name,
        None if server.router_key.contains(given) => "router",
        None => "",
    }
}

/// Returns true if a request may carry the events that Lakefront itself writes. Without a key of the router, only browsers
/// are known to be other senders.
pub fn may_be_the_router(state: &AppState, headers: &HeaderMap) -> bool {
    let key = &state.config.server.router_key;
    if key.is_open() {
        return !is_by_browser(headers);
    }
    given_key(headers).is_some_and(|given| key.contains(given))
}
