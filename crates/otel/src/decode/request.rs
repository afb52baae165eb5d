//! A decoded request of any signal.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::signal::Signal;
use crate::error::DecodeError;

/// A decoded request.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `POST /v1/logs`
    Logs(ExportLogsServiceRequest),
    /// `POST /v1/traces`
    Traces(ExportTraceServiceRequest),
    /// `POST /v1/metrics`
    Metrics(ExportMetricsServiceRequest),
}

impl Request {
    /// Decodes a protobuf body of the signal.
    ///
    /// # Errors
    /// When the body is not OTLP of the signal.
    pub fn decode(signal: Signal, protobuf: &[u8]) -> Result<Self, DecodeError> {
        Ok(match signal {
            Signal::Logs => Self::Logs(Message::decode(protobuf)?),
            Signal::Traces => Self::Traces(Message::decode(protobuf)?),
            Signal::Metrics => Self::Metrics(Message::decode(protobuf)?),
        })
    }

    /// Returns true if there is no resource in the request.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Logs(logs) => logs.resource_logs.is_empty(),
            Self::Traces(traces) => traces.resource_spans.is_empty(),
            Self::Metrics(metrics) => metrics.resource_metrics.is_empty(),
        }
    }
}
