//! Reads a body in whole.

use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult};

/// Why a body was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is longer than it may be.
    TooLarge,
    /// It broke off.
    Broken(worker::Error),
}

impl From<JsValue> for Unread {
    fn from(error: JsValue) -> Self {
        Self::Broken(error.into())
    }
}

/// All of it. Taken piece by piece, so that not much more than `limit` bytes are ever held.
///
/// The reader keeps its lock, as nobody else wants the stream. `worker`'s way of reading gives it back, for which the platform
/// makes an exception with a stack, in every request.
///
/// # Errors
/// When there is more than `limit`, or the sender goes away.
pub async fn read(stream: &ReadableStream, limit: usize) -> Result<Vec<u8>, Unread> {
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
            return Err(Unread::TooLarge);
        }
        whole.resize(held + length, 0);
        piece.copy_to(whole.split_at_mut(held).1);
    }
}
