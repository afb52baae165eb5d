//! `google.rpc.Status`, the body of every error.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#failures-1>

use prost::Message;
use serde::Serialize;

use crate::Format;

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

/// Values of `google.rpc.Code`.
///
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>
pub mod code {
    /// The request is wrong, and stays so.
    pub const INVALID_ARGUMENT: i32 = 3;
    /// The request took too long.
    pub const DEADLINE_EXCEEDED: i32 = 4;
    /// There is nothing at the address.
    pub const NOT_FOUND: i32 = 5;
    /// The sender may not do that.
    pub const PERMISSION_DENIED: i32 = 7;
    /// There are too many requests.
    pub const RESOURCE_EXHAUSTED: i32 = 8;
    /// There is no such method.
    pub const UNIMPLEMENTED: i32 = 12;
    /// The server failed.
    pub const INTERNAL: i32 = 13;
    /// The server cannot take the request now.
    pub const UNAVAILABLE: i32 = 14;
    /// The request has no valid key.
    pub const UNAUTHENTICATED: i32 = 16;
}
