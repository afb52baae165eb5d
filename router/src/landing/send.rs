//! Takes a request on the Worker's platform: reads the body, and sends chunks to streams.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use lakefront_landing::{Chunk, RECEIPTS, Receipt, TooLarge};
use lakefront_otel::decode::Signal;
use lakefront_otlp::{Format, Usage};
use secrecy::ExposeSecret as _;
use worker::js_sys::{Array, Function, Math, Reflect, global};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::web_sys::{self, ReadableStream};
use worker::{Context, Env, console_error};

use super::delivery::Size;
use super::{
    Compression, Delivery, Head, MAX_BODY, Outcome, Refusal, Rows, budgets, cross_origin, next_wait, usage,
};
use crate::backends::fetch;
use crate::body::{self, BodyError};
use crate::clock::Instant;
use crate::config::{Landing, Location};
use crate::tail;

/// The time within which a request is answered. Exporters of SDKs give up after 10 s.
const DEADLINE: Duration = Duration::from_secs(9);

/// Chunks of a request that are sent at once. A Worker may have six connections.
const AT_ONCE: usize = 4;

/// Takes a request for a signal. The answer is as OTLP specifies it, in any case.
pub async fn answer(
    landing: &'static Landing,
    signal: Signal,
    parts: &Parts,
    sender: Option<String>,
    request: &web_sys::Request,
    env: Env,
    context: &Context,
) -> Response<Vec<u8>> {
    let begun = Instant::now();
    let head = Head {
        signal,
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
        sender: sender.and_then(|address| address.parse().ok()),
        arrival: begun.timestamp().as_microsecond(),
        is_own: false,
    };
    let mut response = if parts.method == Method::OPTIONS {
        let mut preflight = Response::new(Vec::new());
        *preflight.status_mut() = StatusCode::NO_CONTENT;
        preflight
    } else {
        let taken = take(landing, &head, request, &env, context, begun).await;
        taken.unwrap_or_else(|refusal| {
            let mut refused = Usage::default();
            refused.refused(
                head.key_name(landing).unwrap_or_default(),
                signal.name(),
                refusal.reason(),
            );
            usage::count(refused, landing, &env, context);
            let format = Format::of(&parts.headers).unwrap_or(Format::Json);
            refusal.response(format)
        })
    };
    response.headers_mut().extend(cross_origin(&parts.headers));
    response
}

async fn take(
    landing: &'static Landing,
    head: &Head<'_>,
    request: &web_sys::Request,
    env: &Env,
    context: &Context,
    begun: Instant,
) -> Result<Response<Vec<u8>>, Refusal> {
    let (format, compression) = head.check(landing)?;
    let key = head.key_name(landing).unwrap_or_default();
    budgets::check(landing, env, key, head.arrival).await?;
    let body = read(head, compression, request).await?;
    let mut rows = head.rows(landing, format, &body, nonce())?;
    let bytes = body.len() as u64;
    drop(body);
    let (outcome, taken) = deliver_all(landing, env, &rows, begun).await;
    let mut used = std::mem::take(&mut rows.usage);
    if outcome.is_later() {
        // The sender repeats the request, which then counts.
        used = Usage::default();
        used.refused(key, head.signal.name(), "not_taken");
    } else {
        budgets::add(landing, env, context, key, bytes, head.arrival);
    }
    let (records, _) = outcome.taken();
    used.sent(head.signal, taken.len() as u64, records, outcome.taken_bytes());
    usage::count(used, landing, env, context);
    if !taken.is_empty() {
        let env = env.clone();
        context.wait_until(async move { send_receipts(landing, &env, taken).await });
    }
    if let Some((signal, batch)) = rows.of_tail() {
        match outcome.taken() {
            (_, true) => context.wait_until(tail::deliver(env.clone(), signal, batch)),
            // Which of the rows were refused is not known by row.
            (taken, false) => tail::miss(signal, taken),
        }
    }
    Ok(outcome.answer(head.signal, format, rows.partial))
}

/// Sends log records of the Worker itself, in OTLP/HTTP's JSON encoding.
///
/// # Errors
/// Returns the reason if streams did not take all of them.
pub async fn send_own(landing: &Landing, env: &Env, logs: &str) -> Result<(), String> {
    let begun = Instant::now();
    let head = Head {
        signal: Signal::Logs,
        method: &Method::POST,
        uri: &Uri::from_static("/v1/logs"),
        headers: &HeaderMap::new(),
        sender: None,
        arrival: begun.timestamp().as_microsecond(),
        is_own: true,
    };
    let rows = head
        .rows(landing, Format::Json, logs.as_bytes(), nonce())
        .map_err(|refusal| refusal.to_string())?;
    let (outcome, taken) = deliver_all(landing, env, &rows, begun).await;
    if !taken.is_empty() {
        send_receipts(landing, env, taken).await;
    }
    match outcome.taken() {
        (_, true) => Ok(()),
        (taken, false) => Err(format!("streams took only {taken} records")),
    }
}

/// Sends the chunks of a request. Returns those that streams have taken, without their bodies.
async fn deliver_all(
    landing: &Landing,
    env: &Env,
    rows: &Rows,
    begun: Instant,
) -> (Outcome, Vec<(&'static str, Chunk)>) {
    let (mut outcome, mut taken) = (Outcome::default(), Vec::new());
    let mut deliveries = stream::iter(rows.chunks())
        .map(|(of, chunk)| deliver(landing, env, of, chunk, begun))
        .buffer_unordered(AT_ONCE);
    while let Some((of, chunk, size, delivery)) = deliveries.next().await {
        if delivery == Delivery::Taken {
            taken.extend(chunk.map(|chunk| (of, chunk)));
        }
        outcome.add(size, delivery);
    }
    (outcome, taken)
}

/// Sends a chunk until its stream has taken it, or there is no time left. Returns the chunk without its body.
async fn deliver(
    landing: &Landing,
    env: &Env,
    of: &'static str,
    chunk: Result<Chunk, TooLarge>,
    begun: Instant,
) -> (&'static str, Option<Chunk>, Size, Delivery) {
    let Ok(mut chunk) = chunk else {
        let reason = "a row that is too large for a stream".to_owned();
        return (of, None, Size { rows: 1, bytes: 0 }, Delivery::Refused(reason));
    };
    let body = std::mem::take(&mut chunk.body);
    let rows = chunk.rows;
    let size = Size {
        rows,
        bytes: body.len() as u64,
    };
    let mut attempt = 0;
    loop {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let (delivery, may_pass) = match post(landing, env, of, body.clone(), left).await {
            Ok(reply) => (
                Delivery::of(reply.status, &reply.body, rows),
                reply.status.is_success() || Delivery::may_pass(reply.status),
            ),
            Err(failure) => (Delivery::Later(failure.to_string()), true),
        };
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let wait = next_wait(attempt, left, Math::random()).filter(|_| may_pass);
        let (Delivery::Later(reason), Some(wait)) = (&delivery, wait) else {
            if let Delivery::Refused(reason) | Delivery::Later(reason) = &delivery {
                console_error!("{rows} rows of {of}: {reason}");
            }
            return (of, Some(chunk), size, delivery);
        };
        console_error!("{rows} rows of {of}, attempt {}: {reason}", attempt + 1);
        crate::timer::Timer::after(wait).await;
        attempt += 1;
    }
}

async fn post(
    landing: &Landing,
    env: &Env,
    of: &str,
    body: String,
    limit: Duration,
) -> Result<fetch::HttpReply, crate::backends::failure::EngineFailure> {
    let unreachable = |error: &dyn std::fmt::Display| {
        crate::backends::failure::EngineFailure::Unreachable(error.to_string())
    };
    let stream = landing
        .streams
        .get(of)
        .ok_or_else(|| unreachable(&"there is no stream"))?;
    let mut request = Request::post(stream.as_str()).header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = &landing.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose_secret()));
    }
    let request = request.body(body).map_err(|error| unreachable(&error))?;
    fetch::send(&Location::Url(stream.clone()), env, request, limit).await
}

/// Sends the receipts of chunks once. Repeated receipts would count rows twice, and a lost one is missed by nobody whose
/// rows have landed.
async fn send_receipts(landing: &Landing, env: &Env, taken: Vec<(&'static str, Chunk)>) {
    let count = taken.len();
    let body = Receipt::body(taken.iter().map(|(of, chunk)| (*of, chunk)));
    match post(landing, env, RECEIPTS, body, DEADLINE).await {
        Ok(reply) if reply.status.is_success() => {}
        Ok(reply) => console_error!("{count} receipts: the stream answered {}", reply.status),
        Err(failure) => console_error!("{count} receipts: {failure}"),
    }
}

/// Reads the body and decompresses it.
async fn read(
    head: &Head<'_>,
    compression: Compression,
    request: &web_sys::Request,
) -> Result<Vec<u8>, Refusal> {
    if body::is_too_long(request, head.headers, MAX_BODY).await {
        return Err(Refusal::TooLarge);
    }
    let Some(stream) = request.body() else {
        return Ok(Vec::new());
    };
    let broken = |error: JsValue| Refusal::Body(worker::Error::from(error).to_string());
    let stream = match compression {
        Compression::Identity => stream,
        Compression::Gzip => decompressed(&stream).map_err(broken)?,
    };
    match body::read_limited(&stream, MAX_BODY).await {
        Ok(body) => Ok(body),
        Err(BodyError::TooLarge) => Err(Refusal::TooLarge),
        Err(BodyError::Broken(error)) => Err(Refusal::Body(error.to_string())),
    }
}

/// Returns the stream through the platform's decompression, which takes no room in the module.
fn decompressed(stream: &ReadableStream) -> Result<ReadableStream, JsValue> {
    let class: Function = Reflect::get(&global(), &JsValue::from_str("DecompressionStream"))?.dyn_into()?;
    let transform = Reflect::construct(&class, &Array::of1(&JsValue::from_str("gzip")))?;
    let pipe: Function = Reflect::get(stream, &JsValue::from_str("pipeThrough"))?.dyn_into()?;
    pipe.call1(stream, &transform)?.dyn_into()
}

fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    for half in nonce.chunks_exact_mut(8) {
        half.copy_from_slice(&Math::random().to_le_bytes());
    }
    nonce
}
