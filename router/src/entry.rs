//! The entry points of the Worker: the platform calls them once at the start and once for each request.

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use futures::future::join;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Request, Uri};
use lakefront_api::ProblemType;
use lakefront_otel::decode::Signal;
use lakefront_query::REQUEST_DEADLINE;
use tower_service::Service;
use url::Url;
use worker::{
    Context, Env, Headers, ResponseBuilder, ScheduleContext, ScheduledEvent, console_error, event, web_sys,
};

use crate::backends::keeper;
use crate::body::{self, BodyError};
use crate::clock::Instant;
use crate::config::Landing;
use crate::problem::ApiError;
use crate::request::RequestContext;
use crate::state::AppState;
use crate::timer::within;
use crate::{auth, cf, headers, landing, otlp, tail, watch};

/// The largest body of a request to the API or to a server function, in bytes.
const MAX_BODY: usize = 1 << 20;

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    lakefront_app::server::register();
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let arrived = Instant::now();
    let mut response = match AppState::of_isolate(&env) {
        Ok(state) => {
            let path = path_of(&request);
            if let Some(signal) = otlp::signal_of(&path) {
                match &state.config.landing {
                    Some(landing) => landed(landing, signal, &request, env, &context).await,
                    None => match forwarded(state, signal, &request).await {
                        Ok(response) => return Ok(response),
                        Err(refusal) => refusal.into_response(),
                    },
                }
            } else if path == lakefront_tail::PATH {
                match tailed(state, &request, &env).await {
                    Ok(response) => return Ok(response),
                    Err(refusal) => refusal.into_response(),
                }
            } else {
                answer(state, request, env, context, arrived)
                    .await
                    .unwrap_or_else(IntoResponse::into_response)
            }
        }
        Err(error) => ApiError::new(ProblemType::Internal, error.to_string()).into_response(),
    };
    headers::complete(response.headers_mut());
    script_response(response).await
}

/// Watches, and runs the keeper if there is one, at the times that `triggers.crons` of `wrangler.toml` names.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    // A wrong configuration is logged when it is read.
    let Ok(state) = AppState::of_isolate(&env) else {
        return;
    };
    let keep = async {
        if !keeper::is_bound(&env) {
            return;
        }
        let outcome = keeper::run(&env).await.map_err(|error| error.to_string());
        if let Err(error) = &outcome {
            console_error!("landed rows were not moved: {error}");
        }
        watch::keeper_ended(state, &env, outcome).await;
    };
    join(watch::check(state, &env), keep).await;
}

fn path_of(request: &web_sys::Request) -> String {
    Url::parse(&request.url()).map_or_else(|_| String::new(), |url| url.path().to_owned())
}

/// Streams accepted records, as ingest sends them.
async fn tailed(
    state: &AppState,
    request: &web_sys::Request,
    env: &Env,
) -> Result<web_sys::Response, ApiError> {
    let parts = http_parts(request).map_err(|error| cannot_be_read(&error))?;
    tail::answer(&state.config, env, &parts).await
}

/// Takes a request for a signal and sends its rows to streams.
async fn landed(
    landing: &'static Landing,
    signal: Signal,
    request: &web_sys::Request,
    env: Env,
    context: &Context,
) -> Response {
    let mut parts = match http_parts(request) {
        Ok(parts) => parts,
        Err(error) => return cannot_be_read(&error).into_response(),
    };
    for spoofable in otlp::SPOOFABLE {
        parts.headers.remove(spoofable);
    }
    let country = otlp::country(request).and_then(|country| country.parse().ok());
    parts
        .headers
        .extend(country.map(|country| (HeaderName::from_static("cf-ipcountry"), country)));
    let sender = otlp::sender(request).ok().flatten();
    landing::answer(landing, signal, &parts, sender, request, env, context)
        .await
        .map(Body::from)
}

async fn forwarded(
    state: &AppState,
    signal: Signal,
    request: &web_sys::Request,
) -> Result<web_sys::Response, ApiError> {
    let Some(ingest) = &state.config.ingest else {
        let detail = "this router takes no telemetry: neither INGEST_URL nor LANDING is set";
        return Err(ApiError::new(ProblemType::NotFound, detail));
    };
    otlp::forward(ingest, state.config.ingest_timeout, signal, request)
        .await
        .map(Into::into)
        .map_err(|error| {
            console_error!("ingest at INGEST_URL: {error}");
            ApiError::new(
                ProblemType::NoBackend,
                "ingest does not answer; send again in 10 seconds",
            )
        })
}

async fn answer(
    state: &'static AppState,
    request: web_sys::Request,
    env: Env,
    context: Context,
    arrived: Instant,
) -> Result<Response, ApiError> {
    let client = cf::client_location(&request, state.config.location_header.as_ref());
    let mut parts = http_parts(&request).map_err(|error| cannot_be_read(&error))?;
    auth::check(&parts, &state.config)?;
    let fresh = headers::wants_fresh(&parts.headers);
    let context = RequestContext::new(state, env, context, client, fresh, origin(&parts.uri));
    parts.extensions.insert(context);
    parts.extensions.insert(arrived);
    let mut router = state.router.clone();
    let answered = async {
        let body = body_of(&request, &parts.headers).await?;
        let Ok(response) = router.call(Request::from_parts(parts, body)).await;
        Ok(response)
    };
    match within(REQUEST_DEADLINE, answered).await {
        Some(outcome) => outcome,
        None => {
            let detail = format!(
                "no answer within {} s; ask for a shorter time range",
                REQUEST_DEADLINE.as_secs()
            );
            Err(ApiError::new(ProblemType::Timeout, detail))
        }
    }
}

/// Returns the scheme and the host of an address.
fn origin(uri: &Uri) -> String {
    let host = uri.authority().map_or("", Authority::as_str);
    format!("{}://{host}", uri.scheme_str().unwrap_or("https"))
}

/// Converts a request without its body into the parts that axum takes.
///
/// The conversion of `worker` reads the protocol from `request.cf`, which workerd does not provide. That threw and
/// caught an exception in each request, which cost a seventh of the router's own time.
fn http_parts(request: &web_sys::Request) -> Result<Parts, http::Error> {
    let mut built = Request::builder()
        .method(request.method().as_str())
        .uri(request.url());
    for (name, value) in Headers(request.headers()).entries() {
        built = built.header(name, value);
    }
    Ok(built.body(())?.into_parts().0)
}

/// Reads the whole body. A body whose `Content-Length` is above [`MAX_BODY`] is refused.
async fn body_of(request: &web_sys::Request, headers: &HeaderMap) -> Result<Body, ApiError> {
    let too_large = || ApiError::new(ProblemType::TooLarge, format!("send at most {MAX_BODY} bytes"));
    if body::is_too_long(request, headers, MAX_BODY).await {
        return Err(too_large());
    }
    let Some(stream) = request.body() else {
        return Ok(Body::empty());
    };
    match body::read_limited(&stream, MAX_BODY).await {
        Ok(body) => Ok(body.into()),
        Err(BodyError::TooLarge) => Err(too_large()),
        Err(BodyError::Broken(error)) => Err(cannot_be_read(&error)),
    }
}

fn cannot_be_read(error: &dyn std::error::Error) -> ApiError {
    ApiError::new(
        ProblemType::BadRequest,
        format!("the request cannot be read: {error}"),
    )
}

/// Converts the response for the platform: a body of known length is sent in one piece, any other as a stream.
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
