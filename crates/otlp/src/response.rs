//! The body of a success, which names the rejected records.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>

use lakefront_otel::decode::Signal;
use prost::Message;
use serde_json::json;

use crate::Format;

/// The records of a request that were rejected, and the reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialSuccess {
    /// Number of rejected log records, spans or data points.
    pub rejected: u64,
    /// Reasons for a developer to read. They may be a warning if nothing was rejected.
    pub reason: String,
}

/// The message `Export…ServiceResponse`. The messages of the three signals have the same fields on the wire.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<ExportPartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct ExportPartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// Returns the body of the response to a request whose other records were accepted.
pub fn export_response(signal: Signal, format: Format, partial: &PartialSuccess) -> Vec<u8> {
    let complete = *partial == PartialSuccess::default();
    match format {
        Format::Protobuf => ExportResponse {
            partial_success: (!complete).then(|| ExportPartialSuccess {
                rejected: i64::try_from(partial.rejected).unwrap_or(i64::MAX),
                error_message: partial.reason.clone(),
            }),
        }
        .encode_to_vec(),
        Format::Json if complete => b"{}".to_vec(),
        Format::Json => {
            let rejected = match signal {
                Signal::Logs => "rejectedLogRecords",
                Signal::Traces => "rejectedSpans",
                Signal::Metrics => "rejectedDataPoints",
            };
            // Protobuf's JSON encodes 64-bit integers as strings.
            let body = json!({"partialSuccess": {
                rejected: partial.rejected.to_string(),
                "errorMessage": partial.reason,
            }});
            body.to_string().into_bytes()
        }
    }
}
