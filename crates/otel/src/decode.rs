//! OTLP/HTTP bodies, protobuf and JSON, to the messages of `opentelemetry-proto`.
//!
//! Input is untrusted: nesting is bounded (by prost at 100 messages, by `serde_json` at 128 levels), nothing panics,
//! and no length that a sender claims is allocated before the bytes are there.

mod json;
mod message;
mod size;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::error::DecodeError;

/// The encoding of a body, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`: protobuf's JSON mapping, with ids in hexadecimal and enumerations as numbers.
    /// <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
    Json,
}

/// One of the three signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// `POST /v1/logs`
    Logs,
    /// `POST /v1/traces`
    Traces,
    /// `POST /v1/metrics`
    Metrics,
}

/// Log records of a body.
pub fn logs(encoding: Encoding, body: &[u8]) -> Result<ExportLogsServiceRequest, DecodeError> {
    decode(Signal::Logs, encoding, body)
}

/// Spans of a body.
pub fn traces(encoding: Encoding, body: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    decode(Signal::Traces, encoding, body)
}

/// Metrics of a body.
pub fn metrics(encoding: Encoding, body: &[u8]) -> Result<ExportMetricsServiceRequest, DecodeError> {
    decode(Signal::Metrics, encoding, body)
}

/// The protobuf body that says the same as the JSON one.
///
/// Fields are checked against their types, but what they hold is only checked when the result is decoded.
pub fn json_to_protobuf(signal: Signal, body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(json::to_protobuf(message_of(signal), body)?)
}

/// Bytes that a protobuf body takes in memory once it is decoded, roughly: to be asked before decoding what a stranger
/// sent, as it may be a hundred times the body.
pub fn decoded_size(signal: Signal, protobuf: &[u8]) -> usize {
    size::decoded(message_of(signal), protobuf)
}

fn message_of(signal: Signal) -> &'static message::Message {
    match signal {
        Signal::Logs => &message::LOGS_REQUEST,
        Signal::Traces => &message::TRACES_REQUEST,
        Signal::Metrics => &message::METRICS_REQUEST,
    }
}

fn decode<M: Message + Default>(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<M, DecodeError> {
    match encoding {
        Encoding::Protobuf => Ok(M::decode(body)?),
        Encoding::Json => Ok(M::decode(json_to_protobuf(signal, body)?.as_slice())?),
    }
}
