//! The handler of `POST /v1/logs`, `/v1/traces` and `/v1/metrics`, and of the gRPC method `Export` of each signal.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use lakefront_otel::decode::{Repair, Signal};
use lakefront_otlp::{
    Accepted, BatchId, Client, Format, Limits, PartialSuccess, Usage, accept, export_response,
    has_own_events, own_logs, skew_micros,
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::timeout,
};

use super::{
    AppState, auth,
    batches::{self, Claim, InProgress, Key},
    body::{self, Framing, Received},
    error::ApiError,
    grpc,
};
use crate::{
    config::Ack,
    error::WalError,
    metrics::{RejectedLabels, RequestLabels, SignalLabel},
    otlp::Compression,
    pipeline::Queued,
    time::now_micros,
    wal::{Append, BodyKind, Header},
};

/// Time that a decoded request waits for memory. After it the request is decoded again from the log.
///
/// Waiting slows senders down to the speed of the lake, which costs less than decoding twice.
const DECODED_WAIT: Duration = Duration::from_secs(1);

/// Handles one request of a signal.
pub async fn export(
    framing: Framing,
    signal: Signal,
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, mut body) = request.into_parts();
    let format = match framing {
        Framing::Http => Format::of(&parts.headers),
        Framing::Grpc => grpc::is_grpc(&parts.headers).then_some(Format::Protobuf),
    };
    let response = match take(framing, signal, format, &state, peer, &parts, &mut body).await {
        Ok(partial) => {
            let format = format.unwrap_or(Format::Protobuf);
            let body = export_response(signal, format, &partial);
            ([(CONTENT_TYPE, format.header_value())], body).into_response()
        }
        Err(error) => {
            // A client whose body was too slow does not send the rest of it. A gRPC client reads while it sends.
            let slow = matches!(error, ApiError::BodyTimeout(_) | ApiError::BodyStalled(..));
            if !slow && framing == Framing::Http {
                body::discard(&mut body, max_body(&state)).await;
            }
            let labels = RejectedLabels {
                signal: signal.name(),
                reason: error.reason(),
            };
            state.metrics.rejected_requests.get_or_create(&labels).inc();
            // A request that is not committed in time is kept, and counted as accepted.
            if !matches!(error, ApiError::NotCommitted) {
                let key = auth::key_name(&state, &parts.headers);
                state
                    .usage
                    .count(|usage| usage.refused(key, signal.name(), error.reason()));
            }
            error.response(format.unwrap_or(Format::Json))
        }
    };
    let labels = RequestLabels {
        signal: signal.name(),
        status: response.status().as_u16(),
    };
    state.metrics.requests.get_or_create(&labels).inc();
    response
}

/// Reads a request and stores it, unless it was stored before. Returns once the request is acknowledged.
async fn take(
    framing: Framing,
    signal: Signal,
    format: Option<Format>,
    state: &AppState,
    peer: SocketAddr,
    parts: &Parts,
    body: &mut axum::body::Body,
) -> Result<PartialSuccess, ApiError> {
    let headers = &parts.headers;
    // A slow body does not make the sender's clock look wrong.
    let began_micros = now_micros();
    let server = &state.config.server;
    let format = format.ok_or(ApiError::MediaType)?;
    let declared = compression(framing, headers)?;
    let id = BatchId::of(headers, &parts.uri)?;
    let key = auth::key_name(state, headers);
    if let Some(exhausted) = state.budgets.exhausted(key, began_micros) {
        return Err(ApiError::Budget(exhausted));
    }
    if let Some(refusal) = state.wal.refusal() {
        return Err(refusal.into());
    }
    let limit = max_body(state);
    let client = Client::of(headers, peer, server.trust_proxy);
    let held = state.body_bytes.request(client.address);
    let received = body::read(framing, headers, body, limit, server.body_timeout, held).await?;
    let label = SignalLabel {
        signal: signal.name(),
    };
    state
        .metrics
        .received_bytes
        .get_or_create(&label)
        .inc_by(received.bytes.len() as u64);
    let compression = match (received.compressed, declared) {
        (true, Compression::Identity) if framing == Framing::Grpc => {
            return Err(ApiError::Framing(
                "it is compressed, and grpc-encoding is missing",
            ));
        }
        (true, declared) => declared,
        (false, _) => Compression::Identity,
    };
    let kind = BodyKind::new(signal, format, compression);
    let mut claimed = None;
    if state.batches.is_on() {
        let key = Key::new(kind, id.as_ref(), &received.hash, headers, !server.keys.is_open());
        match state.batches.claim(key, received.hash).await? {
            Claim::First(first) => claimed = Some(first),
            Claim::Repeated(accepted) => {
                state.metrics.repeated_requests.get_or_create(&label).inc();
                return acknowledge(state, signal, (*accepted).clone()).await;
            }
        }
    }
    let arrival_micros = now_micros();
    let storing = Storing {
        arrival_micros,
        skew_micros: skew_micros(headers, &parts.uri, began_micros),
        signal,
        kind,
        client,
        key: key.to_owned(),
        has_id: id.is_some(),
        may_be_the_router: auth::may_be_the_router(state, headers),
        claimed,
    };
    // A separate task continues when the client disconnects, so that a stored request is always remembered.
    let stored = tokio::spawn(store(state.clone(), storing, received));
    let accepted = stored.await.map_err(|error| {
        tracing::error!(%error, "storing a request");
        ApiError::Internal
    })??;
    acknowledge(state, signal, accepted).await
}

/// Returns the compression that the headers declare.
fn compression(framing: Framing, headers: &HeaderMap) -> Result<Compression, ApiError> {
    match framing {
        Framing::Http => Compression::of(headers, &CONTENT_ENCODING).map_err(ApiError::ContentEncoding),
        Framing::Grpc => Compression::of(headers, &grpc::ENCODING).map_err(ApiError::GrpcEncoding),
    }
}

/// A request that is about to be written to the log.
struct Storing {
    arrival_micros: i64,
    /// Microseconds by which the sender's clock is ahead.
    skew_micros: i64,
    signal: Signal,
    kind: BodyKind,
    client: Client,
    /// The name of the request's key.
    key: String,
    /// True if the sender gave the request an id.
    has_id: bool,
    /// True if the request may carry events that Lakefront itself writes.
    may_be_the_router: bool,
    claimed: Option<InProgress>,
}

/// Decodes a request and appends it to the log. Returns once it is durable.
async fn store(state: AppState, storing: Storing, received: Received) -> Result<batches::Accepted, ApiError> {
    let Storing {
        arrival_micros,
        skew_micros,
        signal,
        kind,
        client,
        key,
        has_id,
        may_be_the_router,
        claimed,
    } = storing;
    let Received { bytes, held, .. } = received;
    let times = (arrival_micros, skew_micros);
    let accepted = decode(&state, kind, bytes.clone(), max_body(&state), times).await?;
    if !may_be_the_router && has_own_events(&accepted.request) {
        return Err(ApiError::OwnEvent);
    }
    let partial = accepted.partial_success();
    count_losses(&state, signal, &accepted, &partial);
    let (rows, timed, body_bytes) = (accepted.rows, accepted.timed, accepted.body_bytes as u64);
    let mut used = Usage::default();
    if state.usage.is_on() {
        used.accepted(&key, signal, &accepted);
    }
    let mut position = None;
    if rows > 0 {
        let header = Header {
            position: 0,
            rows,
            body: kind,
            arrival_micros,
            client: state
                .day_key
                .pseudonym(client.address, arrival_micros)?
                .bytes()
                .to_vec(),
            user_agent: client.user_agent,
            country: client.country,
            skew_micros,
        };
        let tailed = state.tails.are_open().then(|| (header.clone(), bytes.clone()));
        let last = log(&state, header, bytes, accepted).await?;
        position = Some(last);
        drop(held);
        if let Some((header, bytes)) = tailed {
            let position = last + 1 - u64::from(rows);
            let writer = state.progress.borrow().writer;
            state.tails.offer(Header { position, ..header }, bytes, writer);
        }
        let label = SignalLabel {
            signal: signal.name(),
        };
        state.metrics.records.get_or_create(&label).inc_by(rows.into());
        if skew_micros != 0 {
            state.metrics.shifted_records.inc_by(rows.into());
        }
        state.rate.add(rows.into());
    }
    state.usage.count(|usage| usage.merge(used));
    state.budgets.add(&key, body_bytes, arrival_micros);
    let accepted = batches::Accepted { partial, position };
    // Without an id and without times, two equal requests may be two different ones.
    if let Some(claimed) = claimed.filter(|_| has_id || timed) {
        claimed.accepted(accepted.clone());
    }
    Ok(accepted)
}

/// Appends log records of the program itself, in OTLP's JSON encoding, if there are any.
///
/// # Errors
/// Returns the reason if the log does not take them.
pub async fn append_own(state: &AppState, records: Vec<serde_json::Value>) -> Result<(), ApiError> {
    if records.is_empty() {
        return Ok(());
    }
    let body = Bytes::from(own_logs("lakefront-ingest", records));
    let arrival_micros = now_micros();
    let kind = BodyKind::new(Signal::Logs, Format::Json, Compression::Identity);
    let accepted = decode(state, kind, body.clone(), max_body(state), (arrival_micros, 0)).await?;
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    let header = Header {
        position: 0,
        rows: accepted.rows,
        body: kind,
        arrival_micros,
        client: state.day_key.pseudonym(address, arrival_micros)?.bytes().to_vec(),
        user_agent: String::new(),
        country: String::new(),
        skew_micros: 0,
    };
    log(state, header, body, accepted).await?;
    Ok(())
}

/// Counts the rejected records and changed values of a request.
fn count_losses(state: &AppState, signal: Signal, accepted: &Accepted, partial: &PartialSuccess) {
    let labels = |reason| RejectedLabels {
        signal: signal.name(),
        reason,
    };
    for rejected in &accepted.rejected {
        let counter = &state.metrics.rejected_records;
        let labels = labels(rejected.reason.name());
        counter.get_or_create(&labels).inc_by(rejected.count);
    }
    for (repair, count, _) in accepted.repairs.iter() {
        let reason = match repair {
            Repair::Text => "text",
            Repair::Type => "type",
            Repair::LeftOut => "left_out",
            // Counted as rejected records.
            Repair::Record => continue,
        };
        state
            .metrics
            .changed_values
            .get_or_create(&labels(reason))
            .inc_by(count);
    }
    if *partial != PartialSuccess::default() {
        state.last_loss.set(signal, partial, accepted.changed());
    }
}

/// Waits until a stored request may be acknowledged. Returns the answer.
async fn acknowledge(
    state: &AppState,
    signal: Signal,
    accepted: batches::Accepted,
) -> Result<PartialSuccess, ApiError> {
    if let (Ack::Snapshot, Some(position)) = (state.config.log.ack, accepted.position) {
        committed(state, signal, position).await?;
    }
    Ok(accepted.partial)
}

/// Decompresses and decodes a body on a blocking thread, at most one per processor at once.
async fn decode(
    state: &AppState,
    kind: BodyKind,
    bytes: Bytes,
    limit: usize,
    (arrival_micros, skew_micros): (i64, i64),
) -> Result<Accepted, ApiError> {
    let decoder = state.decoders.clone().acquire_owned().await;
    let decoded = tokio::task::spawn_blocking(move || {
        let accepted = kind
            .compression()
            .decompress(bytes, limit)
            .map_err(ApiError::of_decompress)
            .and_then(|body| {
                let limits = Limits::of_body(limit);
                Ok(accept(
                    kind.signal(),
                    kind.format(),
                    &body,
                    arrival_micros,
                    skew_micros,
                    limits,
                )?)
            });
        drop(decoder);
        accepted
    });
    decoded.await.map_err(|error| {
        tracing::error!(%error, "decoding a request");
        ApiError::Internal
    })?
}

fn max_body(state: &AppState) -> usize {
    usize::try_from(state.config.server.max_body.as_u64()).unwrap_or(usize::MAX)
}

/// Appends a request to the log. Returns its last position once it is durable.
async fn log(state: &AppState, header: Header, body: Bytes, accepted: Accepted) -> Result<u64, ApiError> {
    let permit = decoded_permit(state, accepted.bytes).await;
    let decoded = permit.map(|permit| Queued {
        request: accepted.request,
        bytes: accepted.bytes,
        column_bytes: accepted.column_bytes,
        _permit: permit,
    });
    let (done, answer) = oneshot::channel();
    let append = Append {
        header,
        body,
        decoded,
        done,
    };
    state.wal.append(append).await?;
    Ok(answer.await.map_err(|_| WalError::Closed)??)
}

/// Reserves memory for a decoded request until the pipeline takes it. Returns `None` if there is none; the pipeline
/// then decodes the request again from the log.
async fn decoded_permit(state: &AppState, bytes: usize) -> Option<OwnedSemaphorePermit> {
    // A request that is larger than the memory for decoded requests takes all of it.
    let bytes = u32::try_from(bytes).map_or(AppState::MAX_DECODED_BYTES, |bytes| {
        bytes.min(AppState::MAX_DECODED_BYTES)
    });
    let decoded_bytes = Arc::clone(&state.decoded_bytes);
    if let Ok(permit) = decoded_bytes.clone().try_acquire_many_owned(bytes) {
        return Some(permit);
    }
    // While the lake cannot be written, no memory gets free.
    if state.progress.borrow().failing {
        return None;
    }
    timeout(DECODED_WAIT, decoded_bytes.acquire_many_owned(bytes))
        .await
        .ok()?
        .ok()
}

/// Waits until the lake contains every request of the signal up to `position`.
///
/// # Errors
/// Returns an error if the pipeline ends before.
async fn committed(state: &AppState, signal: Signal, position: u64) -> Result<(), ApiError> {
    let mut progress = state.progress.clone();
    let committed = progress.wait_for(|progress| progress.is_committed(signal, position));
    match timeout(state.config.log.ack_timeout, committed).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(ApiError::NotCommitted),
    }
}
