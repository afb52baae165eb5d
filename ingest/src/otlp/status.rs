//! `google.rpc.Status`, the body of every error.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#failures-1>

use prost::Message;
use serde::Serialize;

use super::Format;

/// An error in the body of an answer.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct Status {
    /// A `google.rpc.Code`.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The error and its remedy, for a developer to read.
    #[prost(string, tag = "2")]
    pub message: String,
}

impl Status {
    /// Returns the body in the given format.
    pub fn encode_as(&self, format: Format) -> Vec<u8> {
        match format {
            Format::Protobuf => self.encode_to_vec(),
            Format::Json => serde_json::to_vec(self).unwrap_or_default(),
        }
    }
}
