//! `google.rpc.Status` with details, the error of OTLP/gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling>

use lakefront_otlp::Status;
use prost::Message;

/// `google.rpc.Status` with the time after which a retry may succeed.
#[derive(Clone, PartialEq, Message)]
pub struct StatusWithRetry {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`. With it a client of OTLP/gRPC tries again after RESOURCE_EXHAUSTED.
///
/// <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling>
#[derive(Clone, PartialEq, Message)]
pub struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration` of whole seconds.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

impl RetryInfo {
    /// Returns the message for a retry after some seconds.
    pub fn after(seconds: u32) -> Self {
        let seconds = seconds.into();
        Self {
            delay: Some(Delay { seconds }),
        }
    }
}

impl StatusWithRetry {
    /// Returns a status with the time for a retry.
    pub fn new(status: &Status, retry: &RetryInfo) -> Self {
        Self {
            code: status.code,
            message: String::new(),
            details: vec![Detail {
                type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                value: retry.encode_to_vec(),
            }],
        }
    }
}
