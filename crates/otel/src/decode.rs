//! Decoding of OTLP/HTTP bodies, protobuf and JSON, to the messages of `opentelemetry-proto`.
//!
//! Input is untrusted. Nesting is bounded: by prost at 100 messages, by `serde_json` at 128 levels. Nothing panics.
//! Memory for a length that a sender claims is allocated only once the bytes have arrived.

mod json;
mod message;
mod repair;
mod request;
mod signal;
mod size;
mod text;
mod wire;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use prost::encoding::{WireType, encode_key};

pub use repair::{Repair, Repaired, Repairs};
pub use request::Request;
pub use signal::Signal;

use crate::error::DecodeError;

/// Bytes reserved for the length of a nested message. A varint padded to this width holds up to 2^35 − 1.
const LENGTH_WIDTH: usize = 5;

/// The time of a placeholder record, which replaces a record that can't be read; see [`repair()`].
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

/// Decodes a body of log records.
///
/// # Errors
/// When the body is not OTLP of the signal.
pub fn logs(encoding: Encoding, body: &[u8]) -> Result<ExportLogsServiceRequest, DecodeError> {
    decode(Signal::Logs, encoding, body)
}

/// Decodes a body of spans.
///
/// # Errors
/// When the body is not OTLP of the signal.
pub fn traces(encoding: Encoding, body: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    decode(Signal::Traces, encoding, body)
}

/// Decodes a body of metrics.
///
/// # Errors
/// When the body is not OTLP of the signal.
pub fn metrics(encoding: Encoding, body: &[u8]) -> Result<ExportMetricsServiceRequest, DecodeError> {
    decode(Signal::Metrics, encoding, body)
}

/// Converts a JSON body to the equivalent protobuf body.
///
/// Each value is checked against the type of its field. Further errors are only found when the result is decoded.
///
/// # Errors
/// When the body is not JSON, or a value does not fit its field.
pub fn json_to_protobuf(signal: Signal, body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(json::to_protobuf(message_of(signal), body)?)
}

/// Repairs a body that strict decoding refuses, by replacing or leaving out the values or records that can't be read.
///
/// - Bytes and escapes that are not Unicode become U+FFFD in text.
/// - The value of an attribute or body keeps its own type. An integer beyond 64 bits becomes a double. A value that is
///   nested too deeply is left out.
/// - A record with an unreadable time or measurement is replaced by an empty one with the time [`UNREADABLE`]. So the
///   indexes of other records do not change.
/// - Other fields are left out.
///
/// The result may still need too much memory: see [`decoded_size`].
///
/// # Errors
/// When the body is not JSON, or its lists of resources are not where OTLP has them. For protobuf the error is `None`:
/// the error of the strict decoding gives the reason.
pub fn repair(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Repaired, Option<DecodeError>> {
    let message = message_of(signal);
    match encoding {
        Encoding::Protobuf => wire::repair(message, body).ok_or(None),
        Encoding::Json => json::repair(message, body).map_err(|error| Some(error.into())),
    }
}

/// Returns roughly the bytes that a protobuf body takes in memory once it is decoded.
///
/// It may be a hundred times the size of the body, so it should be checked before an untrusted body is decoded.
pub fn decoded_size(signal: Signal, protobuf: &[u8]) -> usize {
    size::decoded(message_of(signal), protobuf)
}

/// Returns the description of a signal's request message.
fn message_of(signal: Signal) -> &'static message::Message {
    match signal {
        Signal::Logs => &message::LOGS_REQUEST,
        Signal::Traces => &message::TRACES_REQUEST,
        Signal::Metrics => &message::METRICS_REQUEST,
    }
}

/// Decodes a body; JSON is converted to protobuf first.
fn decode<M: Message + Default>(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<M, DecodeError> {
    match encoding {
        Encoding::Protobuf => Ok(M::decode(body)?),
        Encoding::Json => Ok(M::decode(json_to_protobuf(signal, body)?.as_slice())?),
    }
}

/// Fills the slot with a varint that is padded to the length of the slot, which protobuf allows.
///
/// The length of a nested message is known only once the message is written. Moving the message to fit a shorter
/// varint, at each level of nesting, would cost the square of the depth.
fn write_padded_varint(value: usize, slot: &mut [u8]) {
    let last = slot.len() - 1;
    for (index, byte) in slot.iter_mut().enumerate() {
        let continued = if index < last { 0x80 } else { 0 };
        *byte = (value >> (7 * index)) as u8 & 0x7f | continued;
    }
}

/// Writes a placeholder record with the time [`UNREADABLE`]. `field` is the number of the record's field, `time` that
/// of its time.
fn write_unreadable_record(field: u32, time: u32, out: &mut Vec<u8>) {
    let mut record = Vec::new();
    encode_key(time, WireType::SixtyFourBit, &mut record);
    record.extend(UNREADABLE.to_le_bytes());
    prost::encoding::bytes::encode(field, &record, out);
}
