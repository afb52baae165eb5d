//! Reads the stream of a body into memory, up to a limit.

use http::{HeaderMap, header};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{self, ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult};

/// The reason why a body could not be read.
#[derive(Debug)]
pub enum BodyError {
    /// The body is longer than the limit.
    TooLarge,
    /// The stream failed before its end.
    Broken(worker::Error),
}

impl From<JsValue> for BodyError {
    fn from(error: JsValue) -> Self {
        Self::Broken(error.into())
    }
}

/// A body of up to so many times the limit is read to its end before it is refused.
const DISCARDED_LIMITS: usize = 4;

/// Returns true if the `Content-Length` of a request is above `limit`, so that it has to be refused.
///
/// The body is then read and dropped first. A client that still sends when the connection closes sees an error in place of
/// the reply, and sends the same again. A body that is far too long is not worth that.
pub async fn is_too_long(request: &web_sys::Request, headers: &HeaderMap, limit: usize) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length > limit) else {
        return false;
    };
    if length <= DISCARDED_LIMITS * limit {
        discard(request.body()).await;
    }
    true
}

/// Reads a body to its end and drops it.
async fn discard(stream: Option<ReadableStream>) {
    let reader = stream.and_then(|stream| ReadableStreamDefaultReader::new(&stream).ok());
    while let Some(reader) = &reader
        && let Ok(piece) = JsFuture::from(reader.read()).await
    {
        let piece: ReadableStreamReadResult = piece.unchecked_into();
        if piece.get_done() == Some(true) {
            return;
        }
    }
}

/// Returns the whole body. It is read piece by piece, so that memory use stays near `limit` bytes.
///
/// The reader keeps its lock on the stream, which nothing else reads. `worker` releases the lock, and the platform then
/// creates an exception with a stack trace in each request.
///
/// # Errors
/// Returns an error if the body is longer than `limit`, or if the sender disconnects.
pub async fn read_limited(stream: &ReadableStream, limit: usize) -> Result<Vec<u8>, BodyError> {
    let reader = ReadableStreamDefaultReader::new(stream)?;
    let mut whole = Vec::new();
    loop {
        let piece: ReadableStreamReadResult = JsFuture::from(reader.read()).await?.unchecked_into();
        if piece.get_done() == Some(true) {
            return Ok(whole);
        }
        let piece = Uint8Array::new(&piece.get_value());
        let held = whole.len();
        let length = usize::try_from(piece.length()).unwrap_or(usize::MAX);
        if length > limit.saturating_sub(held) {
            return Err(BodyError::TooLarge);
        }
        whole.resize(held + length, 0);
        piece.copy_to(whole.split_at_mut(held).1);
    }
}
