//! Maps log records to rows of `otel_logs`.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::any_value::text;
use super::attributes::{Known, Lookup, first_text};
use super::id::{HexId, hex_id};
use super::mapper::Mapper;
use super::promoted::Promoted;
use super::resource::Resource;
use super::time::micros;
use super::{exception, page, request, vital};

/// A row of `otel_logs`, without the columns of its resource and scope.
#[derive(Debug)]
pub struct LogRow<'a> {
    /// The record's time, else the observed time, else the arrival. Microseconds since 1970 UTC.
    pub timestamp: i64,
    /// The observed time, else the arrival. Microseconds since 1970 UTC.
    pub observed_timestamp: i64,
    /// Id of the trace.
    pub trace_id: HexId,
    /// Id of the span.
    pub span_id: HexId,
    /// W3C trace flags, 0 to 255.
    pub trace_flags: i32,
    /// Severity, as the source names it.
    pub severity_text: &'a str,
    /// Severity from 1 to 24; 0 if the record has none. Other numbers are kept as sent.
    pub severity_number: i32,
    /// Body of the record.
    pub body: Option<&'a AnyValue>,
    /// Attributes of the record.
    pub attributes: &'a [KeyValue],
    /// Name of the event.
    pub event_name: Cow<'a, str>,
    /// The promoted columns.
    pub promoted: Promoted<'a>,
}

impl Mapper {
    /// Maps a log record to a row.
    pub fn log<'a>(&mut self, record: &'a LogRecord, resource: &'a Resource<'a>) -> LogRow<'a> {
        let known = Known::of(&record.attributes);
        let attributes = Lookup {
            record: &known,
            resource: &resource.known,
        };
        let span_id = hex_id::<8>(&record.span_id);
        let event_name = if record.event_name.is_empty() {
            first_text([known.event_name])
        } else {
            Cow::Borrowed(record.event_name.as_str())
        };

        let mut promoted = self.promoted(&attributes, resource);
        promoted.is_page_view = page::is_page_view(&event_name, &attributes);
        page::fill(&mut promoted, &attributes);
        match &*event_name {
            vital::EVENT => {
                (promoted.vital_name, promoted.vital_value) = vital::vital(&known, record.body.as_ref())
            }
            // If there is a span, the span counts as the request.
            request::EVENT if span_id.as_str().is_empty() => {
                request::fill(&mut promoted, &attributes, request::logged_duration_ms(&known));
            }
            _ => {}
        }
        let has_type = !first_text([known.exception_type]).is_empty();
        if event_name == exception::EVENT
            || has_type
            || exception::SEVERITIES.contains(&record.severity_number)
        {
            let body = || record.body.as_ref().map(text).unwrap_or_default();
            exception::fill(&mut promoted, &known, &Known::default(), body, self);
        }

        promoted.bound();

        let observed_timestamp = micros(record.observed_time_unix_nano, resource.arrival);
        LogRow {
            timestamp: micros(record.time_unix_nano, observed_timestamp),
            observed_timestamp,
            trace_id: hex_id::<16>(&record.trace_id),
            span_id,
            trace_flags: (record.flags & 0xff) as i32,
            severity_text: &record.severity_text,
            severity_number: record.severity_number,
            body: record.body.as_ref(),
            attributes: &record.attributes,
            event_name,
            promoted,
        }
    }
}
