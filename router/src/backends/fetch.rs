//! One HTTP request to an engine, limited in time and size.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, StatusCode};
use lakefront_clickhouse_http::Answer;
use worker::wasm_bindgen::JsValue;
use worker::{AbortController, AbortSignal, Env, Fetch, ResponseBody, web_sys};

use crate::backends::container;
use crate::backends::failure::EngineFailure;
use crate::body::{self, BodyError};
use crate::config::Location;
use crate::timer::within;

/// The largest accepted reply in bytes. An isolate has 128 MB, and the rows are in memory twice during their
/// conversion.
const MAX_REPLY: usize = 24 << 20;
/// The time before its limit at which a request is given up. The cancellation is then part of the limit, so that the
/// next engine is called on time.
const CANCEL_MARGIN: Duration = Duration::from_millis(5);

/// The reply of an engine.
#[derive(Debug)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers that the router uses.
    pub headers: HeaderMap,
    /// The time for which the request waited for the engine's container, in milliseconds.
    pub waking_ms: Option<u64>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Sends a request and reads the whole reply. A request that exceeds `limit` is cancelled, which also stops the
/// engine's work.
///
/// # Errors
/// Returns [`EngineFailure::Unreachable`], [`EngineFailure::Deadline`] or [`EngineFailure::TooLarge`].
pub async fn send(
    location: &Location,
    env: &Env,
    request: Request<String>,
    limit: Duration,
) -> Result<HttpReply, EngineFailure> {
    let mut cancel = CancelOnDrop(Some(AbortController::default()));
    let signal = cancel.signal();
    let exchange = exchange(location, env, request, signal);
    let outcome = within(limit.saturating_sub(CANCEL_MARGIN), exchange).await;
    let outcome = outcome.ok_or(EngineFailure::Deadline(limit))?;
    if outcome.is_ok() {
        cancel.disarm();
    }
    outcome
}

async fn exchange(
    location: &Location,
    env: &Env,
    request: Request<String>,
    signal: Option<AbortSignal>,
) -> Result<HttpReply, EngineFailure> {
    let unreachable = |error: worker::Error| EngineFailure::Unreachable(error.to_string());
    let request = worker::Request::from(script_request(&request, signal).map_err(unreachable)?);
    let response = match location {
        Location::Url(_) => Fetch::Request(request).send().await,
        Location::Container(instance) => container::fetch(env, *instance, request).await,
    }
    .map_err(unreachable)?;
    let status = StatusCode::from_u16(response.status_code()).unwrap_or(StatusCode::BAD_GATEWAY);
    let waking_ms = response.headers().get(container::WAITED_HEADER).ok().flatten();
    let waking_ms = waking_ms.and_then(|millis| millis.parse().ok());
    let mut headers = HeaderMap::new();
    for name in Answer::HEADERS {
        if let Ok(Some(text)) = response.headers().get(name)
            && let Ok(value) = HeaderValue::from_str(&text)
        {
            headers.insert(name, value);
        }
    }
    let body = match response.body() {
        ResponseBody::Stream(stream) => body::read_limited(stream, MAX_REPLY).await,
        ResponseBody::Body(_) | ResponseBody::Empty => Ok(Vec::new()),
    };
    let body = body.map_err(|unread| match unread {
        BodyError::TooLarge => EngineFailure::TooLarge(MAX_REPLY),
        BodyError::Broken(error) => unreachable(error),
    })?;
    Ok(HttpReply {
        status,
        headers,
        waking_ms,
        body,
    })
}

/// Converts the request for the platform. The body is passed as text, so that it has a length and is sent in one piece.
fn script_request(
    request: &Request<String>,
    signal: Option<AbortSignal>,
) -> worker::Result<web_sys::Request> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in request.headers() {
        headers.set(
            name.as_str(),
            value
                .to_str()
                .map_err(|error| worker::Error::RustError(error.to_string()))?,
        )?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_headers(&headers);
    init.set_signal(signal.as_deref());
    if !request.body().is_empty() {
        init.set_body(&JsValue::from_str(request.body()));
    }
    Ok(web_sys::Request::new_with_str_and_init(
        &request.uri().to_string(),
        &init,
    )?)
}

/// Aborts the request when dropped, so that the engine stops work on a reply that is no longer awaited.
struct CancelOnDrop(Option<AbortController>);

impl CancelOnDrop {
    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    /// Disarms the guard after the whole reply was read: an abort would only cost time.
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}
