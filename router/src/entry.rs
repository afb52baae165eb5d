//! Where the platform calls: one request in, one response out.

use std::pin::pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use futures::future::{Either, select};
use http::{Request, header};
use http_body_util::Limited;
use lakefront_api::ProblemType;
use lakefront_query::REQUEST_DEADLINE;
use tower_service::Service;
use url::Url;
use worker::{
    Context, Delay, Env, FromRequest, Headers, HttpRequest, ResponseBuilder, console_error, event, web_sys,
};

use crate::clock::Instant;
use crate::host::Host;
use crate::json_body::{MAX_BODY, too_large};
use crate::problem::Refusal;
use crate::visit::Visit;
use crate::{cf, guard, headers, otlp};

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    lakefront_app::server::register();
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let arrived = Instant::now();
    let mut response = match Host::of_isolate(&env) {
        Ok(host) => {
            if let Some(signal) = signal_of(&request) {
                match forwarded(host, signal, &request).await {
                    Ok(response) => return Ok(response),
                    Err(refusal) => refusal.into_response(),
                }
            } else {
                answer(host, request, env, context, arrived)
                    .await
                    .unwrap_or_else(IntoResponse::into_response)
            }
        }
        Err(error) => Refusal::new(ProblemType::Internal, error.to_string()).into_response(),
    };
    headers::complete(response.headers_mut());
    script_response(response).await
}

fn signal_of(request: &web_sys::Request) -> Option<&'static str> {
    otlp::signal_path(Url::parse(&request.url()).ok()?.path())
}

async fn forwarded(
    host: &Host,
    signal: &str,
    request: &web_sys::Request,
) -> Result<web_sys::Response, Refusal> {
    let Some(ingest) = &host.config.ingest else {
        let detail = "this router takes no telemetry: INGEST_URL is not set";
        return Err(Refusal::new(ProblemType::NotFound, detail));
    };
    otlp::forward(ingest, signal, request)
        .await
        .map(Into::into)
        .map_err(|error| {
            console_error!("ingest at INGEST_URL: {error}");
            Refusal::new(
                ProblemType::NoBackend,
                "ingest does not answer; send again in 10 seconds",
            )
        })
}

async fn answer(
    host: &'static Host,
    request: web_sys::Request,
    env: Env,
    context: Context,
    arrived: Instant,
) -> Result<Response, Refusal> {
    let asker = cf::place(&request, host.config.location_header.as_ref());
    let request = HttpRequest::from_raw(request).map_err(|error| {
        let error: Box<dyn std::error::Error> = error.into();
        Refusal::new(
            ProblemType::BadRequest,
            format!("the request cannot be read: {error}"),
        )
    })?;
    guard::check(request.headers(), host.config.viewer_token.as_ref())?;
    let (mut parts, body) = request.into_parts();
    let length = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let visit = Visit::new(
        Arc::clone(&host.engines),
        env,
        Arc::new(context),
        host.reporter.clone(),
        host.config.ingest.clone(),
        asker,
    );
    parts.extensions.insert(visit);
    parts.extensions.insert(arrived);
    let request = Request::from_parts(parts, Body::new(Limited::new(body, MAX_BODY)));
    let mut router = host.router.clone();
    match select(router.call(request), pin!(Delay::from(REQUEST_DEADLINE))).await {
        Either::Left((Ok(response), _)) => Ok(response),
        Either::Right(_) => {
            let detail = format!(
                "no answer within {} s; ask for a shorter time range",
                REQUEST_DEADLINE.as_secs()
            );
            Err(Refusal::new(ProblemType::Timeout, detail))
        }
    }
}

/// The response as the platform takes it: a body of known length goes out in one piece, any other as a stream.
async fn script_response(response: Response) -> worker::Result<web_sys::Response> {
    if response.body().size_hint().exact().is_none() {
        return worker::response_to_wasm(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| worker::Error::RustError(error.to_string()))?;
    let builder = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(Headers::from(parts.headers));
    Ok(builder.fixed(body.into()).into())
}
