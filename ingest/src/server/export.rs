//! `POST /v1/logs`, `/v1/traces` and `/v1/metrics`.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::timeout,
};

use super::{AppState, body, body::Received, client::Client, error::ApiError};
use crate::{
    config::Ack,
    error::WalError,
    metrics::{RejectedLabels, RequestLabels, SignalLabel},
    otlp::{Format, PartialSuccess, Signal, export_response},
    pipeline::Queued,
    request::{Accepted, Limits, accept},
    wal::{Append, BodyKind, Header},
};

/// How long a decoded request waits for room in the queue before it goes through the log alone.
///
/// Waiting slows senders down to the speed of the lake, which costs less than decoding twice.
const QUEUE_WAIT: Duration = Duration::from_secs(1);

/// Takes one request of a signal.
pub async fn export(
    signal: Signal,
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, mut body) = request.into_parts();
    let format = Format::of(&parts.headers);
    let response = match take(signal, &state, peer, &parts.headers, &mut body).await {
        Ok(partial) => {
            let format = format.unwrap_or(Format::Protobuf);
            let body = export_response(signal, format, &partial);
            ([(CONTENT_TYPE, format.header_value())], body).into_response()
        }
        Err(error) => {
            body::discard(&mut body, max_body(&state)).await;
            let labels = RejectedLabels {
                signal: signal.name(),
                reason: error.reason(),
            };
            state.metrics.rejected_requests.get_or_create(&labels).inc();
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

/// Reads, decodes and logs a request; returns once it is acknowledged.
async fn take(
    signal: Signal,
    state: &AppState,
    peer: SocketAddr,
    headers: &HeaderMap,
    body: &mut axum::body::Body,
) -> Result<PartialSuccess, ApiError> {
    let format = Format::of(headers).ok_or(ApiError::MediaType)?;
    let compression = ApiError::of_encoding(headers)?;
    if let Some(refusal) = state.wal.refusal() {
        return Err(refusal.into());
    }
    let limit = max_body(state);
    let Received { bytes, room } = body::read(headers, body, limit, &state.room).await?;
    let label = SignalLabel {
        signal: signal.name(),
    };
    state
        .metrics
        .received_bytes
        .get_or_create(&label)
        .inc_by(bytes.len() as u64);
    let kind = BodyKind::new(signal, format, compression);
    let arrival_micros = now_micros();
    let accepted = decode(state, kind, bytes.clone(), limit, arrival_micros).await?;
    let partial = accepted.partial_success();
    for (rejection, count) in &accepted.rejected {
        let labels = RejectedLabels {
            signal: signal.name(),
            reason: rejection.name(),
        };
        state
            .metrics
            .rejected_records
            .get_or_create(&labels)
            .inc_by(*count);
    }
    let rows = accepted.rows;
    if rows > 0 {
        let client = Client::of(headers, peer, state.config.server.trust_proxy);
        let header = Header {
            position: 0,
            rows,
            body: kind,
            arrival_micros,
            client: state
                .day_key
                .pseudonym(client.address, arrival_micros)?
                .octets()
                .to_vec(),
            user_agent: client.user_agent,
            country: client.country,
        };
        let position = log(state, header, bytes, accepted).await?;
        drop(room);
        if state.config.log.ack == Ack::Snapshot {
            committed(state, position).await?;
        }
        state.metrics.records.get_or_create(&label).inc_by(rows.into());
        state.rate.add(rows.into());
    }
    Ok(partial)
}

/// Decompresses and decodes away from the reactor, on as many threads as there are processors.
async fn decode(
    state: &AppState,
    kind: BodyKind,
    bytes: Bytes,
    limit: usize,
    arrival_micros: i64,
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

fn now_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

/// Appends a request to the log; returns its last position once it is durable.
async fn log(state: &AppState, header: Header, body: Bytes, accepted: Accepted) -> Result<u64, ApiError> {
    let permit = queue_room(state, accepted.bytes).await;
    let decoded = permit.map(|permit| Queued {
        request: accepted.request,
        bytes: accepted.bytes,
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

/// Room to keep a request decoded until the tables take it. Without it, it is decoded again from the log.
async fn queue_room(state: &AppState, bytes: usize) -> Option<OwnedSemaphorePermit> {
    // One that is larger than the room takes all of it.
    let bytes = u32::try_from(bytes).map_or(AppState::QUEUE_BYTES, |bytes| bytes.min(AppState::QUEUE_BYTES));
    let queue = Arc::clone(&state.queue);
    if let Ok(permit) = queue.clone().try_acquire_many_owned(bytes) {
        return Some(permit);
    }
    // A lake that can't be written takes nothing soon.
    if state.progress.borrow().failing {
        return None;
    }
    timeout(QUEUE_WAIT, queue.acquire_many_owned(bytes))
        .await
        .ok()?
        .ok()
}

/// Waits until the lake holds everything up to `position`.
async fn committed(state: &AppState, position: u64) -> Result<(), ApiError> {
    let mut progress = state.progress.clone();
    match progress.wait_for(|progress| progress.position >= position).await {
        Ok(_) => Ok(()),
        Err(_) => Err(ApiError::NotCommitted),
    }
}
