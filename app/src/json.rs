//! JSON for server functions, by way of text.
//!
//! Leptos reads what the server put into the page from text, and its own codec reads replies from bytes: two copies of
//! every decoder in the browser's bundle. This codec reads text too.

use std::str;

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

/// Arguments and results as JSON, in the bodies of a POST.
pub type Json = Post<JsonText>;

/// JSON from and to text.
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
        // What is no text is no JSON either: the empty text says so.
        serde_json::from_str(str::from_utf8(&bytes).unwrap_or_default())
    }
}
