//! What can go wrong.

/// Why a body is not OTLP. The sender should not retry it: answer with status 400.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body is no protobuf message of the signal, or nested too deeply.
    #[error("the body is not an OTLP protobuf message of this signal: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// The body is no JSON of the signal, or nested too deeply.
    #[error("the body is not OTLP JSON of this signal: {0}")]
    Json(#[from] serde_json::Error),
}
