//! Maps spans to rows of `otel_traces`.

use std::borrow::Cow;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::attributes::{Known, Lookup};
use super::id::{HexId, hex_id};
use super::mapper::Mapper;
use super::promoted::Promoted;
use super::resource::Resource;
use super::time::micros;
use super::{exception, page, request};

/// A row of `otel_traces`, without the columns of its resource and scope.
#[derive(Debug)]
pub struct SpanRow<'a> {
    /// Start of the span, else the arrival. Microseconds since 1970 UTC.
    pub timestamp: i64,
    /// Id of the trace.
    pub trace_id: HexId,
    /// Id of the span.
    pub span_id: HexId,
    /// Id of the parent span.
    pub parent_span_id: HexId,
    /// Name of the span's kind, e.g. `Server`.
    pub span_kind: &'static str,
    /// End minus start in nanoseconds; 0 if one of them is missing or the end is earlier.
    pub duration: i64,
    /// Name of the status code: `Ok`, `Error` or `Unset`.
    pub status_code: &'static str,
    /// Message of the status.
    pub status_message: &'a str,
    /// The span itself: name, trace state, attributes, events and links.
    pub span: &'a Span,
    /// The promoted columns.
    pub promoted: Promoted<'a>,
}

impl Mapper {
    /// Maps a span to a row. Returns `None` if the span has no valid trace or span id.
    pub fn span<'a>(&mut self, span: &'a Span, resource: &'a Resource<'a>) -> Option<SpanRow<'a>> {
        let (trace_id, span_id) = (hex_id::<16>(&span.trace_id), hex_id::<8>(&span.span_id));
        if trace_id.as_str().is_empty() || span_id.as_str().is_empty() {
            return None;
        }
        let known = Known::of(&span.attributes);
        let attributes = Lookup {
            record: &known,
            resource: &resource.known,
        };
        let duration = duration(span);
        let status = span.status.as_ref();

        let mut promoted = self.promoted(&attributes, resource);
        page::fill(&mut promoted, &attributes);
        if span.kind == SpanKind::Server as i32 && !request::method(&known).is_empty() {
            request::fill(
                &mut promoted,
                &attributes,
                duration.map(|nanos| nanos as f64 / 1e6),
            );
        }
        let status_message = status.map_or("", |status| &status.message);
        if let Some(event) = exception::of_span(span) {
            let thrown = Known::of(&event.attributes);
            exception::fill(&mut promoted, &thrown, &known, || status_message.into(), self);
        }

        promoted.bound();

        Some(SpanRow {
            timestamp: micros(span.start_time_unix_nano, resource.arrival),
            trace_id,
            span_id,
            parent_span_id: hex_id::<8>(&span.parent_span_id),
            span_kind: kind_name(span.kind),
            duration: duration.map_or(0, |nanos| i64::try_from(nanos).unwrap_or(i64::MAX)),
            status_code: status_name(status.map_or(0, |status| status.code)),
            status_message,
            span,
            promoted,
        })
    }
}

impl SpanRow<'_> {
    /// Marks the row as one that passes on an exception. It shows the exception, but the error is counted where it was
    /// thrown.
    pub fn pass_on(&mut self) {
        self.promoted.error_type = Cow::Borrowed("");
    }
}

/// Returns end minus start in nanoseconds, if both are present and in order.
fn duration(span: &Span) -> Option<u64> {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    if start == 0 { None } else { end.checked_sub(start) }
}

/// Returns the name that the OpenTelemetry Collector's ClickHouse exporter writes.
fn kind_name(kind: i32) -> &'static str {
    match SpanKind::try_from(kind) {
        Ok(SpanKind::Internal) => "Internal",
        Ok(SpanKind::Server) => "Server",
        Ok(SpanKind::Client) => "Client",
        Ok(SpanKind::Producer) => "Producer",
        Ok(SpanKind::Consumer) => "Consumer",
        Ok(SpanKind::Unspecified) | Err(_) => "Unspecified",
    }
}

/// Returns the name that the OpenTelemetry Collector's ClickHouse exporter writes.
fn status_name(code: i32) -> &'static str {
    match StatusCode::try_from(code) {
        Ok(StatusCode::Ok) => "Ok",
        Ok(StatusCode::Error) => "Error",
        Ok(StatusCode::Unset) | Err(_) => "Unset",
    }
}
