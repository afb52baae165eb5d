//! Encoding of messages by `Content-Type`: protobuf or JSON.

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use lakefront_otel::decode::Encoding;

/// The encoding of a message. A response always has the format of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Format {
    /// `application/x-protobuf`
    Protobuf = 0,
    /// `application/json`
    Json = 1,
}

impl Format {
    /// Returns the format that a request declares, without parameters such as `charset`. Returns `None` for any other
    /// format.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = value.split(';').next()?.trim();
        [Self::Protobuf, Self::Json]
            .into_iter()
            .find(|format| essence.eq_ignore_ascii_case(format.media_type()))
    }

    /// Returns the encoding of the body.
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Protobuf => Encoding::Protobuf,
            Self::Json => Encoding::Json,
        }
    }

    /// Returns the media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// Returns the media type as a header value.
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.media_type())
    }
}
