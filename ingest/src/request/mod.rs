//! A request as the tables take it: decoded, and rid of records that no table can hold.

mod check;

use std::borrow::Cow;

use lakefront_otel::{arrow, decode};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};

pub use check::Rejection;

use crate::otlp::{Format, PartialSuccess, Signal};

/// A decoded request.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `POST /v1/logs`
    Logs(ExportLogsServiceRequest),
    /// `POST /v1/traces`
    Traces(ExportTraceServiceRequest),
    /// `POST /v1/metrics`
    Metrics(ExportMetricsServiceRequest),
}

/// A request and what was taken from it.
#[derive(Debug)]
pub struct Accepted {
    /// The request without the rejected records.
    pub request: Request,
    /// Rows it makes.
    pub rows: u32,
    /// Bytes it takes in memory, roughly.
    pub bytes: usize,
    /// How many records were rejected, by reason.
    pub rejected: Vec<(Rejection, u64)>,
}

impl Accepted {
    /// What the sender is told.
    pub fn partial_success(&self) -> PartialSuccess {
        let reasons: Vec<String> = self
            .rejected
            .iter()
            .map(|(rejection, count)| format!("{count} with {rejection}"))
            .collect();
        PartialSuccess {
            rejected: self.rejected.iter().map(|(_, count)| count).sum(),
            reason: reasons.join("; "),
        }
    }
}

/// Why a request is not taken at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The body is not OTLP.
    #[error(transparent)]
    Decode(#[from] lakefront_otel::DecodeError),
    /// It is small on the wire and large in memory, or in the tables.
    #[error("the request takes about {bytes} bytes {place}, more than {limit}; send smaller batches")]
    Expands {
        /// Bytes it takes.
        bytes: usize,
        /// Where.
        place: &'static str,
        /// Bytes it may take there.
        limit: usize,
    },
}

/// How large a request may become. Without limits, two bytes could become hundreds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes once decoded.
    pub decoded: usize,
    /// Bytes as columns, where every record repeats what its resource says once.
    pub columns: usize,
}

impl Limits {
    /// For bodies of at most `body` bytes: several times what telemetry takes.
    pub fn of_body(body: usize) -> Self {
        Self {
            decoded: body.saturating_mul(8),
            columns: body.saturating_mul(16).clamp(64 << 20, arrow::MAX_BATCH_BYTES),
        }
    }

    /// For what was accepted under limits that are not known any more.
    pub const LOGGED: Self = Self {
        decoded: usize::MAX,
        columns: arrow::MAX_BATCH_BYTES,
    };
}

/// Decodes a decompressed body that arrived at `arrival_micros`. The same bytes and time always give the same result,
/// so that replaying the log repeats what was answered.
pub fn accept(
    signal: Signal,
    format: Format,
    body: &[u8],
    arrival_micros: i64,
    limits: Limits,
) -> Result<Accepted, RequestError> {
    let message = match signal {
        Signal::Logs => decode::Signal::Logs,
        Signal::Traces => decode::Signal::Traces,
        Signal::Metrics => decode::Signal::Metrics,
    };
    let protobuf = match format {
        Format::Protobuf => Cow::Borrowed(body),
        Format::Json => Cow::Owned(decode::json_to_protobuf(message, body)?),
    };
    let bytes = within(
        decode::decoded_size(message, &protobuf),
        limits.decoded,
        "in memory",
    )?;
    let encoding = decode::Encoding::Protobuf;
    let mut request = match signal {
        Signal::Logs => Request::Logs(decode::logs(encoding, &protobuf)?),
        Signal::Traces => Request::Traces(decode::traces(encoding, &protobuf)?),
        Signal::Metrics => Request::Metrics(decode::metrics(encoding, &protobuf)?),
    };
    let columns = match &request {
        Request::Logs(logs) => arrow::logs_size(logs),
        Request::Traces(traces) => arrow::traces_size(traces),
        Request::Metrics(metrics) => arrow::metrics_size(metrics),
    };
    within(columns, limits.columns, "in the tables")?;
    let check::Outcome { rows, rejected } = check::check(&mut request, body.len(), arrival_micros);
    Ok(Accepted {
        request,
        rows,
        bytes,
        rejected,
    })
}

fn within(bytes: usize, limit: usize, place: &'static str) -> Result<usize, RequestError> {
    if bytes > limit {
        return Err(RequestError::Expands { bytes, place, limit });
    }
    Ok(bytes)
}
