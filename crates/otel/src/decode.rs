//! OTLP/HTTP bodies, protobuf and JSON, to the messages of `opentelemetry-proto`.
//!
//! Input is untrusted: nesting is bounded (by prost at 100 messages, by `serde_json` at 128 levels), nothing panics,
//! and no length that a sender claims is allocated before the bytes are there.

mod json;
mod message;
mod repair;
mod size;
mod text;
mod wire;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use prost::encoding::{WireType, encode_key};

pub use repair::{Repair, Repaired, Repairs};

use crate::error::DecodeError;

/// Bytes set aside for the length of a nested message: a varint padded to this width holds up to 2^35 − 1.
const LENGTH_WIDTH: usize = 5;

/// Time of a record that stands for one that cannot be read: [`repair`].
pub const UNREADABLE: u64 = u64::MAX;

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

/// Makes a body readable that is refused otherwise, at the cost of the values or records that cannot be read.
///
/// - Text keeps what is Unicode; the rest becomes U+FFFD.
/// - The value of an attribute or body keeps the type it has, an integer beyond 64 bits becomes a double, and what is nested
///   too deeply is left out.
/// - A record is replaced by an empty one with the time [`UNREADABLE`] if a time or measurement of it cannot be read. Its
///   place stays, so that places of other records are those of the body.
/// - Other fields are left out.
///
/// The result may still be larger in memory than it may be: see [`decoded_size`].
///
/// # Errors
/// If the body is no JSON or its parts are not where OTLP has them; without a cause for protobuf, where the error of decoding
/// says why.
pub fn repair(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Repaired, Option<DecodeError>> {
    let message = message_of(signal);
    match encoding {
        Encoding::Protobuf => wire::repair(message, body).ok_or(None),
        Encoding::Json => json::repair(message, body).map_err(|error| Some(error.into())),
    }
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

/// Fills the slot with a varint that is longer than it need be, which protobuf allows: the length of a nested message
/// is only known once it is written, and moving it for each level of nesting would cost the square of the depth.
fn write_padded_varint(value: usize, slot: &mut [u8]) {
    let last = slot.len() - 1;
    for (index, byte) in slot.iter_mut().enumerate() {
        let continued = if index < last { 0x80 } else { 0 };
        *byte = (value >> (7 * index)) as u8 & 0x7f | continued;
    }
}

/// Writes the record that stands for one that cannot be read: `field` is that of the record, `time` that of its time.
fn write_unreadable_record(field: u32, time: u32, out: &mut Vec<u8>) {
    let mut record = Vec::new();
    encode_key(time, WireType::SixtyFourBit, &mut record);
    record.extend(UNREADABLE.to_le_bytes());
    prost::encoding::bytes::encode(field, &record, out);
}
