//! Reading a body: never past the limit, never more at once than the server has room for, never for ever.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::ApiError;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How long a request waits for room.
const ROOM: Duration = Duration::from_secs(1);

/// How long the rest of a refused body is read.
const DISCARD: Duration = Duration::from_secs(5);

/// A body and the room it takes, which is free again when this is dropped.
pub struct Received {
    /// The body as it was sent.
    pub bytes: Bytes,
    /// Its room.
    pub room: OwnedSemaphorePermit,
}

/// Reads a body of at most `limit` bytes. `room` has as many permits as bytes may be held.
pub async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    limit: usize,
    room: &Arc<Semaphore>,
) -> Result<Received, ApiError> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if declared > limit {
        return Err(ApiError::TooLarge(limit as u64));
    }
    timeout(ARRIVAL, collect(body, declared, limit, room))
        .await
        .map_err(|_| ApiError::BodyTimeout(ARRIVAL.as_secs()))?
}

async fn collect(
    body: &mut Body,
    declared: usize,
    limit: usize,
    room: &Arc<Semaphore>,
) -> Result<Received, ApiError> {
    let mut held = reserve(room, declared).await?;
    let mut bytes = BytesMut::with_capacity(declared);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::BodyInterrupted(error.to_string()))?;
        let Ok(chunk) = frame.into_data() else { continue };
        let length = bytes.len() + chunk.len();
        if length > limit {
            return Err(ApiError::TooLarge(limit as u64));
        }
        if length > held.num_permits() {
            held.merge(reserve(room, length - held.num_permits()).await?);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Received {
        bytes: bytes.freeze(),
        room: held,
    })
}

/// Reads what is left of a refused body, within reason: a client that still sends does not look for the answer.
pub async fn discard(body: &mut Body, limit: usize) {
    let rest = async {
        let mut length = 0;
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > limit {
                break;
            }
        }
    };
    // Whether it ended in time or not, the answer follows.
    let _ = timeout(DISCARD, rest).await;
}

async fn reserve(room: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
    // The limit of a body is below four gigabytes: `Config::check`.
    let bytes = u32::try_from(bytes).map_err(|_| ApiError::Overloaded)?;
    match timeout(ROOM, room.clone().acquire_many_owned(bytes)).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(ApiError::Overloaded),
    }
}
