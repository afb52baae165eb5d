//! A request in the form that the tables take: decoded, without the records that no table can hold.

use std::borrow::Cow;

use lakefront_otel::{
    DecodeError, arrow,
    decode::{self, Repair, Repaired, Repairs, Request, Signal},
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::json;

use crate::{Format, PartialSuccess, Rejected, Rejection, USAGE_EVENT, check, skew};

/// The name of the events in which the router reports its queries. The Operations page shows them.
pub const QUERY_EVENT: &str = "lakefront.query";
/// The name of the events in which the Worker reports the problems that it finds.
pub const WATCH_EVENT: &str = "lakefront.watch";
/// The name of the events with counts of fields, from which the search box completes.
pub const FIELDS_EVENT: &str = "lakefront.fields";
/// The names of the events that Lakefront itself writes.
pub const OWN_EVENTS: [&str; 4] = [FIELDS_EVENT, QUERY_EVENT, USAGE_EVENT, WATCH_EVENT];

/// Returns the body of `POST /v1/logs` for log records of a service of Lakefront itself, in OTLP/HTTP's JSON encoding.
pub fn own_logs(service: &str, records: Vec<serde_json::Value>) -> String {
    json!({
        "resourceLogs": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeLogs": [{"scope": {"name": service}, "logRecords": records}],
        }]
    })
    .to_string()
}

/// Returns true if one of the log records of a request has a name of [`OWN_EVENTS`].
pub fn has_own_events(request: &Request) -> bool {
    let Request::Logs(logs) = request else {
        return false;
    };
    let scopes = logs
        .resource_logs
        .iter()
        .flat_map(|resource| &resource.scope_logs);
    scopes.flat_map(|scope| &scope.log_records).any(|record| {
        let attribute = || {
            record.attributes.iter().any(|attribute| {
                let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
                attribute.key == "event.name"
                    && matches!(value, Some(Value::StringValue(name)) if OWN_EVENTS.contains(&name.as_str()))
            })
        };
        OWN_EVENTS.contains(&record.event_name.as_str()) || (record.event_name.is_empty() && attribute())
    })
}

/// A decoded request, and the differences between it and the body that was sent.
#[derive(Debug)]
pub struct Accepted {
    /// The request without the rejected records.
    pub request: Request,
    /// Number of rows that the request makes.
    pub rows: u32,
    /// Bytes of the decompressed body.
    pub body_bytes: usize,
    /// Approximate bytes that the request takes in memory.
    pub bytes: usize,
    /// Approximate bytes of the request as columns, with the rejected records.
    pub column_bytes: usize,
    /// Records that were rejected, by reason.
    pub rejected: Vec<Rejected>,
    /// Differences between the values that were sent and the values that are stored.
    pub repairs: Repairs,
    /// True if every record has a time of its own. Two equal requests are then one request that was sent twice.
    pub timed: bool,
}

impl Accepted {
    /// Returns the answer for the sender: the rejected records and the changed values.
    pub fn partial_success(&self) -> PartialSuccess {
        let unreadable = self.repairs.first(Repair::Record);
        let rejected = self.rejected.iter().map(|rejected| {
            let Rejected {
                reason,
                count,
                places,
            } = rejected;
            match unreadable.filter(|_| *reason == Rejection::Unreadable) {
                Some(first) => format!("{count} with {reason}: {first}"),
                None => format!("{count} with {reason}: {}", places.join(", ")),
            }
        });
        let changed = self.repairs.iter().filter_map(|(repair, count, first)| {
            let what = match repair {
                Repair::Text => "with characters that are no Unicode",
                Repair::Type => "kept as another type",
                Repair::LeftOut => "left out",
                Repair::Record => return None,
            };
            Some(format!("values {what}: {count}, first {first}"))
        });
        PartialSuccess {
            rejected: self.rejected.iter().map(|rejected| rejected.count).sum(),
            reason: rejected.chain(changed).collect::<Vec<_>>().join("; "),
        }
    }

    /// Returns the number of values that were changed or left out in accepted records.
    pub fn changed(&self) -> u64 {
        let changes = self
            .repairs
            .iter()
            .filter(|(repair, ..)| *repair != Repair::Record);
        changes.map(|(_, count, _)| count).sum()
    }
}

/// The reasons for which a whole request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The body is no OTLP of the signal.
    #[error(transparent)]
    Decode(#[from] lakefront_otel::DecodeError),
    /// The request is small on the wire but too large in memory or in the tables.
    #[error("the request takes about {bytes} bytes {place}, more than {limit}; send smaller batches")]
    Expands {
        /// Approximate bytes of the request.
        bytes: usize,
        /// The place of those bytes: in memory, or in the tables.
        place: &'static str,
        /// Bytes that are allowed in that place.
        limit: usize,
    },
}

/// Limits on the size of a decoded request. Without limits, two bytes could become hundreds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the decoded request in memory.
    pub decoded: usize,
    /// Bytes as columns, where every record repeats the attributes of its resource.
    pub columns: usize,
}

impl Limits {
    /// Returns the limits for bodies of at most `body` bytes. They are several times the size of usual telemetry.
    pub fn of_body(body: usize) -> Self {
        Self {
            decoded: body.saturating_mul(8),
            columns: body.saturating_mul(16).clamp(64 << 20, arrow::MAX_BATCH_BYTES),
        }
    }

    /// The limits for requests that are read back from the log. They were accepted before, perhaps under other
    /// settings.
    pub const LOGGED: Self = Self {
        decoded: usize::MAX,
        columns: arrow::MAX_BATCH_BYTES,
    };
}

/// Decodes a decompressed body that arrived at `arrival_micros`, in microseconds since 1970, from a sender whose clock
/// is `skew_micros` ahead: see [`skew_micros`](crate::skew_micros). The same bytes and times always give the same result, so
/// that a replay of the log repeats the answer.
///
/// # Errors
/// Returns an error if the body is no OTLP of the signal, or larger than the limits. Single values and records that
/// cannot be read are no error: [`Accepted`] reports them.
pub fn accept(
    signal: Signal,
    format: Format,
    body: &[u8],
    arrival_micros: i64,
    skew_micros: i64,
    limits: Limits,
) -> Result<Accepted, RequestError> {
    let mut repairs = Repairs::default();
    let (mut request, bytes) = match read(signal, format, body, limits) {
        // A body without resources may have misspelled field names, which a second, lenient pass finds.
        Ok((request, bytes)) if format == Format::Json && request.is_empty() => {
            if let Ok(repaired) = repair(signal, format, body) {
                repairs = repaired.repairs;
            }
            (request, bytes)
        }
        Err(RequestError::Decode(error)) => {
            let repaired = repair(signal, format, body).map_err(|cause| cause.unwrap_or(error))?;
            repairs = repaired.repairs;
            read(signal, Format::Protobuf, &repaired.protobuf, limits)?
        }
        read => read?,
    };
    skew::shift(&mut request, skew_micros);
    let column_bytes = within(arrow::request_size(&request), limits.columns, "in the tables")?;
    let check::Outcome {
        rows,
        rejected,
        timed,
    } = check::check(&mut request, body.len(), arrival_micros);
    Ok(Accepted {
        request,
        rows,
        body_bytes: body.len(),
        bytes,
        column_bytes,
        rejected,
        repairs,
        timed,
    })
}

/// Decodes a body strictly. Also returns the bytes that the request takes in memory.
fn read(
    signal: Signal,
    format: Format,
    body: &[u8],
    limits: Limits,
) -> Result<(Request, usize), RequestError> {
    let protobuf = match format {
        Format::Protobuf => Cow::Borrowed(body),
        Format::Json => Cow::Owned(decode::json_to_protobuf(signal, body)?),
    };
    let bytes = within(
        decode::decoded_size(signal, &protobuf),
        limits.decoded,
        "in memory",
    )?;
    Ok((Request::decode(signal, &protobuf)?, bytes))
}

fn repair(signal: Signal, format: Format, body: &[u8]) -> Result<Repaired, Option<DecodeError>> {
    decode::repair(signal, format.encoding(), body)
}

fn within(bytes: usize, limit: usize, place: &'static str) -> Result<usize, RequestError> {
    if bytes > limit {
        return Err(RequestError::Expands { bytes, place, limit });
    }
    Ok(bytes)
}
