//! Reads request bodies within limits on size, on memory shared with other requests, and on time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::{body_bytes::HeldBytes, error::ApiError, grpc};

/// Bytes that must arrive within each third of the body's time, unless the body ends.
const PROGRESS: usize = 16 << 10;

/// Length from which memory is reserved for twice the bytes that have arrived, so that a long body waits for it less
/// often.
const AHEAD: usize = 64 << 10;

/// Longest time in which the rest of a refused body is read: in all, and without a byte.
const DISCARD: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// The bytes around the content of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// None: the body is the content.
    Http,
    /// The body is one gRPC message, which begins with a prefix.
    Grpc,
}

/// A body and the memory that is reserved for it. Dropping the value frees the memory.
pub struct Received {
    /// The content of the body as it was sent.
    pub bytes: Bytes,
    /// BLAKE3 hash of the whole body.
    pub hash: blake3::Hash,
    /// False if the content is not compressed, whatever the headers say: a gRPC message tells it by itself.
    pub compressed: bool,
    /// The memory that is reserved for the body.
    pub held: HeldBytes,
}

/// Reads a body of at most `limit` bytes within `time`. Memory is reserved for bytes that arrived, not for bytes
/// that the sender announces.
///
/// # Errors
/// Returns an error if the body is too large, too slow, interrupted or not framed as expected, or if there is no memory
/// for it.
pub async fn read(
    framing: Framing,
    headers: &HeaderMap,
    body: &mut Body,
    limit: usize,
    time: Duration,
    held: HeldBytes,
) -> Result<Received, ApiError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    if announced > limit {
        return Err(ApiError::TooLarge(limit as u64));
    }
    timeout(time, collect(framing, body, announced, limit, time / 3, held))
        .await
        .map_err(|_| ApiError::BodyTimeout(time))?
}

async fn collect(
    framing: Framing,
    body: &mut Body,
    mut announced: usize,
    limit: usize,
    pause: Duration,
    mut held: HeldBytes,
) -> Result<Received, ApiError> {
    let mut bytes = BytesMut::new();
    let mut hasher = blake3::Hasher::new();
    let (mut deadline, mut progress) = (Instant::now() + pause, PROGRESS);
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            return Err(ApiError::BodyStalled(PROGRESS, pause));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| ApiError::BodyInterrupted(error.to_string()))?;
        let Ok(chunk) = frame.into_data() else { continue };
        let length = bytes.len() + chunk.len();
        if length > limit {
            return Err(ApiError::TooLarge(limit as u64));
        }
        if length > held.bytes() {
            let ahead = if length < AHEAD { 0 } else { 2 * length };
            let wanted = ahead.min(announced.max(length)).max(length);
            held.grow(wanted).await?;
            bytes.reserve(wanted - bytes.len());
        }
        hasher.update(&chunk);
        bytes.extend_from_slice(&chunk);
        if framing == Framing::Grpc
            && let Some(content) = grpc::announced(&bytes)
        {
            announced = grpc::PREFIX.saturating_add(content);
            if announced > limit {
                return Err(ApiError::TooLarge(limit as u64));
            }
        }
        if length >= progress {
            (deadline, progress) = (Instant::now() + pause, length + PROGRESS);
        }
    }
    let bytes = bytes.freeze();
    let (compressed, bytes) = match framing {
        Framing::Http => (true, bytes),
        Framing::Grpc => grpc::message(bytes)?,
    };
    Ok(Received {
        bytes,
        hash: hasher.finalize(),
        compressed,
        held,
    })
}

/// Reads and drops the rest of a refused body, up to `limit` bytes. A client that is still sending would not read the
/// answer.
pub async fn discard(body: &mut Body, limit: usize) {
    let rest = async {
        let mut length = 0;
        while let Ok(Some(Ok(frame))) = timeout(DISCARD.1, body.frame()).await {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > limit {
                break;
            }
        }
    };
    // The answer follows in either case, so that the result does not matter.
    let _ = timeout(DISCARD.0, rest).await;
}
