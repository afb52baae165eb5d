//! The error type of this crate.

/// The reason that a body is not OTLP. A server should answer it with status 400, since the sender should not retry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body is not a protobuf message of the signal, or it is nested too deeply.
    #[error("the body is not an OTLP protobuf message of this signal: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// The body is not JSON of the signal, or it is nested too deeply.
    #[error("the body is not OTLP JSON of this signal: {0}")]
    Json(#[from] serde_json::Error),
}
