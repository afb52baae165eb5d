//! Reads the stream of a body into memory, up to a limit.

use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult};

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
