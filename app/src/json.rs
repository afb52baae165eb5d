//! The JSON codec of server functions, which reads and writes text.
//!
//! Leptos reads the data that the server put into the page from text. Its own codec reads replies from bytes. With
//! both, the browser's bundle would have two copies of every decoder, so this codec reads text too.

use std::str;

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

/// The encoding of arguments and results: JSON in the bodies of a POST request and its answer.
pub type Json = Post<JsonText>;

/// Encodes values as JSON text and decodes them from it.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_string(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // Bytes that are not UTF-8 are read as an empty text, which `serde_json` rejects.
        serde_json::from_str(str::from_utf8(&bytes).unwrap_or_default())
    }
}
