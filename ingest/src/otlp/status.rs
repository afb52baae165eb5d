//! `google.rpc.Status`, the body of every error.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#failures-1>

use prost::Message;
use serde::Serialize;

use super::Format;

/// An error as the client gets it.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct Status {
    /// A `google.rpc.Code`.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// What is wrong and what to do about it.
    #[prost(string, tag = "2")]
    pub message: String,
}

impl Status {
    /// The body in a format.
    pub fn encode_as(&self, format: Format) -> Vec<u8> {
        match format {
            Format::Protobuf => self.encode_to_vec(),
            Format::Json => serde_json::to_vec(self).unwrap_or_default(),
        }
    }
}
