//! The handler of `GET /tail`: accepted records that fit a search, as server-sent events.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderName, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, FORWARDED, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use lakefront_api::{Problem, ProblemType};
use lakefront_otlp::given_key;
use lakefront_tail::{Filter, Listener, MEDIA_TYPE, MOST_TAILS, frames};

use super::AppState;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Streams a tail. Every error is a problem document.
pub async fn tail(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    match open(&state, peer, &request) {
        Ok(listener) => {
            let events = frames(listener, tokio::time::sleep).map(Ok::<_, Infallible>);
            let headers = [
                (CONTENT_TYPE, MEDIA_TYPE),
                (CACHE_CONTROL, "no-store"),
                // nginx would hold events back.
                (HeaderName::from_static("x-accel-buffering"), "no"),
            ];
            (headers, Body::from_stream(events)).into_response()
        }
        Err(problem) => refusal(&problem),
    }
}

fn open(state: &AppState, peer: SocketAddr, request: &Request) -> Result<Listener, Problem> {
    check(state, peer, request)?;
    let filter = Filter::of_query(request.uri().query().unwrap_or_default())?;
    state.tails.open(filter).map_err(|_| {
        let detail = format!("{MOST_TAILS} tails are open, or ingest stops; close one, or try again");
        Problem::new(ProblemType::Busy, detail)
    })
}

/// Checks that a request may read telemetry. Keys of senders do not open the tail.
///
/// Ingest faces networks, and a program can name any host. Without the router's key only programs of this machine
/// therefore read, to which no proxy passes requests of others on.
fn check(state: &AppState, peer: SocketAddr, request: &Request) -> Result<(), Problem> {
    const SETTING: &str = "LAKEFRONT_INGEST_ROUTER_KEY (--router-key)";
    let server = &state.config.server;
    let headers = request.headers();
    if !server.router_key.is_open() {
        let is_router = given_key(headers).is_some_and(|key| server.router_key.contains(key));
        return match is_router {
            true => Ok(()),
            false => {
                let detail =
                    format!("the tail takes the key of {SETTING}, which the router has as INGEST_KEY");
                Err(Problem::new(ProblemType::Unauthorized, detail))
            }
        };
    }
    let is_passed_on = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED);
    if server.trust_proxy > 0 || is_passed_on || !peer.ip().to_canonical().is_loopback() {
        let detail = format!(
            "without a key only programs on ingest's own machine read the tail: set {SETTING}, and the same text as \
             INGEST_KEY of the router"
        );
        return Err(Problem::new(ProblemType::ForeignRequest, detail));
    }
    state
        .allowed_hosts
        .check(request.uri(), headers, super::auth::HOSTS_VARIABLE)
        .map_err(|foreign| Problem::new(ProblemType::ForeignRequest, foreign.to_string()))
}

fn refusal(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Numbers and texts always serialize.
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
    let headers = response.headers_mut();
    match problem.kind {
        ProblemType::Busy => drop(headers.insert(RETRY_AFTER, 5.into())),
        ProblemType::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    response
}
