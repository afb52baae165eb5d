//! Live tails: `GET /tail` streams accepted records that fit a search, as server-sent events.
//!
//! Ingest has the records, or else a Durable Object to which the Worker hands what it takes itself. Either way the
//! platform passes the stream through: this module does not read it.

mod deliver;
mod object;

use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};
use lakefront_api::ProblemType;
use lakefront_hosts::check_fetch_site;
use lakefront_tail::{Filter, MEDIA_TYPE, PATH};
use secrecy::ExposeSecret as _;
use url::Url;
use worker::{
    AbortController, AbortSignal, Env, Fetch, Headers, Request, RequestInit, Response, ResponseBuilder,
    console_error, web_sys,
};

use crate::config::Config;
use crate::problem::ApiError;
use crate::timer::within;
use crate::{auth, headers};

pub use deliver::{deliver, miss};

/// The time within which a tail is opened. After that it has no limit here.
const LIMIT: Duration = Duration::from_secs(10);
/// The reason if ingest does not take the router's key, or wants one.
const REFUSED: &str =
    "it refuses this router, whose INGEST_KEY must be the LAKEFRONT_INGEST_ROUTER_KEY of ingest";

/// Opens a tail for a viewer.
///
/// A link on another site cannot open one, so that a page cannot take the places of others.
///
/// # Errors
/// Returns the problem if the viewer may not read, the search has a fault, or nothing here has a tail.
pub async fn answer(config: &Config, env: &Env, parts: &Parts) -> Result<web_sys::Response, ApiError> {
    if parts.method != Method::GET {
        let detail = format!("{PATH} takes GET");
        return Err(ApiError::new(ProblemType::MethodNotAllowed, detail));
    }
    auth::check(parts, config)?;
    check_fetch_site(&parts.headers)
        .map_err(|foreign| ApiError::new(ProblemType::ForeignRequest, foreign.to_string()))?;
    let filter = Filter::of_query(parts.uri.query().unwrap_or_default())?;
    let cancel = AbortController::default();
    let signal = cancel.signal();
    let answer = match within(LIMIT, open(config, env, &filter, &signal)).await {
        Some(answer) => answer?,
        None => {
            cancel.abort();
            return Err(unavailable("it did not answer within 10 s"));
        }
    };
    let status = answer.status_code();
    // A fault of the search, or no place: what ingest says is for the viewer. Other refusals are of the router itself.
    let media_type = match status {
        200 => MEDIA_TYPE,
        400 | 503 => "application/problem+json",
        401 | 403 => return Err(unavailable(REFUSED)),
        404 | 405 => return Err(unavailable("it has no live tail: update it")),
        status => return Err(unavailable(&format!("it answers with status {status}"))),
    };
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers::complete(&mut fields);
    let (_, stream) = answer.into_parts();
    let response = ResponseBuilder::new()
        .with_status(status)
        .with_headers(Headers::from(fields));
    Ok(response.body(stream).into())
}

async fn open(
    config: &Config,
    env: &Env,
    filter: &Filter,
    signal: &AbortSignal,
) -> Result<Response, ApiError> {
    let opened = if config.landing.is_some() {
        if !object::is_bound(env) {
            let detail = "live rows need the Durable Object TAIL: router/wrangler.toml says how to add it";
            return Err(ApiError::new(ProblemType::NotFound, detail));
        }
        object::open(env, filter).await
    } else if let Some(ingest) = &config.ingest {
        let key = config.ingest_key.as_ref().map(|key| key.expose_secret());
        of_ingest(ingest, key, filter, signal).await
    } else {
        let detail =
            "live rows come from ingest: set INGEST_URL, or LANDING where the Worker takes telemetry itself";
        return Err(ApiError::new(ProblemType::NotFound, detail));
    };
    opened.map_err(|error| {
        console_error!("the tail: {error}");
        unavailable("it does not answer")
    })
}

async fn of_ingest(
    ingest: &Url,
    key: Option<&str>,
    filter: &Filter,
    signal: &AbortSignal,
) -> worker::Result<Response> {
    let mut target = ingest.join(PATH.trim_start_matches('/'))?;
    target.set_query(Some(&filter.query()));
    let headers = Headers::new();
    if let Some(key) = key {
        headers.set("authorization", &format!("Bearer {key}"))?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(target.as_str(), &init)?;
    Fetch::Request(request).send_with_signal(signal).await
}

fn unavailable(why: &str) -> ApiError {
    ApiError::new(
        ProblemType::NoBackend,
        format!("ingest shows no live rows: {why}"),
    )
}
