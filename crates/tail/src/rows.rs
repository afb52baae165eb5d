//! Rows of a record batch: whether they fit a filter, and what a tail is sent of them.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use jiff::Timestamp;
use lakefront_api::{Cursor, Signal};
use lakefront_search::{Row, severity};
use serde::Serialize;

use crate::Filter;
use crate::hub::RATE;

/// The most characters of a row's text. A longer one is cut, and ends in `…`.
pub const LONGEST_TEXT: usize = 1_000;
/// The most characters of every other value.
pub const LONGEST_NAME: usize = 200;

/// The rows of a batch that fit a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The first of them as JSON, at most [`RATE`]: no tail gets more within a second.
    pub rows: Vec<String>,
    /// The number of all of them.
    pub matched: u64,
}

impl Filter {
    /// Finds the rows that fit. The batch is of the filter's signal. `is_numbered` says that `RowId` is the one under
    /// which a row is in the lake.
    pub fn find(&self, batch: &RecordBatch, is_numbered: bool) -> Found {
        let mut found = Found::default();
        for row in 0..batch.num_rows() {
            let row = BatchRow { batch, row };
            if !self.search().fits(&row) {
                continue;
            }
            found.matched += 1;
            if found.rows.len() < RATE as usize {
                // Texts and numbers always serialize.
                let json = match self.signal() {
                    Signal::Logs => serde_json::to_string(&row.line(is_numbered)),
                    Signal::Traces => serde_json::to_string(&row.span(is_numbered)),
                };
                found.rows.extend(json);
            }
        }
        found
    }
}

/// A log record as `logs_rows.sql` of a search returns it, with the name of its severity.
#[derive(Serialize)]
struct Line<'a> {
    time: Option<Timestamp>,
    severity: i64,
    level: &'static str,
    service: Cow<'a, str>,
    event: Cow<'a, str>,
    body: Cow<'a, str>,
    page: Cow<'a, str>,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<Cursor>,
}

/// A span as `traces_rows.sql` of a search returns it.
#[derive(Serialize)]
struct Span<'a> {
    time: Option<Timestamp>,
    service: Cow<'a, str>,
    name: Cow<'a, str>,
    kind: Cow<'a, str>,
    duration_ms: f64,
    status: Cow<'a, str>,
    message: Cow<'a, str>,
    http_status: Option<i64>,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<Cursor>,
}

/// A row of a record batch.
struct BatchRow<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> BatchRow<'a> {
    fn line(&self, is_numbered: bool) -> Line<'a> {
        let number = self.whole("SeverityNumber").unwrap_or_default();
        Line {
            time: self.time(),
            severity: number,
            level: severity(number),
            service: self.name("ServiceName"),
            event: self.name("EventName"),
            body: self.first_text(["Body", "ErrorMessage"]),
            page: self.name("PagePath"),
            trace_id: self.value("TraceId"),
            line: self.cursor().filter(|_| is_numbered),
        }
    }

    fn span(&self, is_numbered: bool) -> Span<'a> {
        Span {
            time: self.time(),
            service: self.name("ServiceName"),
            name: self.name("SpanName"),
            kind: self.name("SpanKind"),
            duration_ms: self.number("Duration").unwrap_or_default() / 1e6,
            status: self.name("StatusCode"),
            message: self.first_text(["ErrorMessage", "StatusMessage"]),
            http_status: self.whole("HttpStatusCode"),
            trace_id: self.value("TraceId"),
            line: self.cursor().filter(|_| is_numbered),
        }
    }

    fn time(&self) -> Option<Timestamp> {
        let times = self
            .column("Timestamp")?
            .as_primitive_opt::<TimestampMicrosecondType>()?;
        Timestamp::from_microsecond(times.value(self.row)).ok()
    }

    fn cursor(&self) -> Option<Cursor> {
        let ids = self.column("RowId")?.as_primitive_opt::<Int64Type>()?;
        Some(Cursor {
            time: self.time()?,
            row_id: ids.value(self.row),
        })
    }

    fn whole(&self, column: &str) -> Option<i64> {
        self.number(column).map(|number| number as i64)
    }

    fn name(&self, column: &str) -> Cow<'a, str> {
        cut(self.value(column), LONGEST_NAME)
    }

    /// Returns the first of two texts that is not empty.
    fn first_text(&self, columns: [&str; 2]) -> Cow<'a, str> {
        let [first, second] = columns.map(|column| self.value(column));
        cut(if first.is_empty() { second } else { first }, LONGEST_TEXT)
    }

    fn value(&self, column: &str) -> &'a str {
        let texts = self.column(column).and_then(AsArray::as_string_opt::<i32>);
        texts.map_or("", |texts| texts.value(self.row))
    }

    /// Returns a column whose value in this row is not null.
    fn column(&self, name: &str) -> Option<&'a dyn Array> {
        let column = self.batch.column_by_name(name)?;
        column.is_valid(self.row).then(|| column.as_ref())
    }

    /// Returns the keys and values of a map.
    fn pairs(&self, map: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let map = self.column(map).and_then(AsArray::as_map_opt);
        map.into_iter().flat_map(|map| {
            let (keys, values) = (map.keys().as_string::<i32>(), map.values().as_string::<i32>());
            let offsets = map.value_offsets();
            let entries = offsets[self.row] as usize..offsets[self.row + 1] as usize;
            entries.map(|entry| (keys.value(entry), values.value(entry)))
        })
    }
}

impl Row for BatchRow<'_> {
    fn text(&self, column: &str) -> &str {
        self.value(column)
    }

    fn number(&self, column: &str) -> Option<f64> {
        let column = self.column(column)?;
        match column.data_type() {
            DataType::Int32 => Some(column.as_primitive::<Int32Type>().value(self.row).into()),
            DataType::Int64 => Some(column.as_primitive::<Int64Type>().value(self.row) as f64),
            DataType::Float64 => Some(column.as_primitive::<Float64Type>().value(self.row)),
            _ => None,
        }
    }

    fn truth(&self, column: &str) -> Option<bool> {
        Some(self.column(column)?.as_boolean_opt()?.value(self.row))
    }

    fn attribute(&self, map: &str, key: &str) -> Option<&str> {
        self.pairs(map)
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    fn has_value(&self, map: &str, fits: &dyn Fn(&str) -> bool) -> bool {
        self.pairs(map).any(|(_, value)| fits(value))
    }
}

fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        None => text.into(),
        Some(_) => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use lakefront_otel::arrow::{LogsBuilder, TracesBuilder};
    use lakefront_otel::map::RequestContext;
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

    use super::*;

    fn text(text: &str) -> Option<AnyValue> {
        Some(AnyValue {
            value: Some(Value::StringValue(text.into())),
        })
    }

    fn pair(key: &str, value: &str) -> KeyValue {
        KeyValue {
            key: key.into(),
            value: text(value),
            ..KeyValue::default()
        }
    }

    fn resource() -> Option<Resource> {
        Some(Resource {
            attributes: vec![pair("service.name", "shop"), pair("host.name", "web-3")],
            ..Resource::default()
        })
    }

    fn context() -> RequestContext<'static> {
        RequestContext {
            sender: None,
            user_agent: "",
            country: "",
            arrival: 1_774_353_600_000_000,
        }
    }

    fn logs(records: Vec<LogRecord>) -> RecordBatch {
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: resource(),
                scope_logs: vec![ScopeLogs {
                    log_records: records,
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }],
        };
        let mut builder = LogsBuilder::new();
        builder.append(&request, &context(), 7).unwrap();
        builder.finish()
    }

    fn record(body: &str) -> LogRecord {
        LogRecord {
            time_unix_nano: 1_774_353_600_123_456_000,
            severity_number: 17,
            body: text(body),
            attributes: vec![pair("user.id", "u1"), pair("order", "a-17")],
            ..LogRecord::default()
        }
    }

    fn found(batch: &RecordBatch, query: &str) -> Found {
        Filter::of_query(query).unwrap().find(batch, true)
    }

    #[test]
    fn rows_are_found_as_in_a_search() {
        let batch = logs(vec![record("connection refused"), record("done")]);
        for (q, matched) in [
            ("", 2),
            ("refused", 1),
            ("-refused", 1),
            ("service:shop", 2),
            ("host.name:web-*", 2),
            ("order:a-17 done", 1),
            ("17", 2),
            ("level:error", 2),
            ("level:%3E%3Dfatal", 0),
            ("status:*", 0),
            ("user:u1", 2),
            ("bot:false", 2),
            ("duration:*", 0),
            ("missing:*", 0),
        ] {
            assert_eq!(
                found(&batch, &format!("signal=logs&q={q}")).matched,
                matched,
                "{q}"
            );
        }
    }

    #[test]
    fn a_log_record_is_sent_as_a_search_returns_it() {
        let batch = logs(vec![record("connection \"refused\"\n")]);
        let sent: serde_json::Value = serde_json::from_str(&found(&batch, "signal=logs").rows[0]).unwrap();
        let expected = serde_json::json!({
            "time": "2026-03-24T12:00:00.123456Z", "severity": 17, "level": "error", "service": "shop", "event": "",
            "body": "connection \"refused\"\n", "page": "", "trace_id": "", "line": "1774353600123456_7",
        });
        assert_eq!(sent, expected);
        let filter = Filter::of_query("signal=logs").unwrap();
        assert!(!filter.find(&batch, false).rows[0].contains("\"line\""));
    }

    #[test]
    fn a_span_is_sent_as_a_search_returns_it() {
        let span = Span {
            trace_id: vec![7; 16],
            span_id: vec![8; 8],
            name: "GET /cart".into(),
            kind: 2,
            start_time_unix_nano: 1_774_353_600_000_000_000,
            end_time_unix_nano: 1_774_353_600_001_500_000,
            status: Some(Status {
                code: 2,
                message: "no stock".into(),
            }),
            attributes: vec![
                pair("http.request.method", "GET"),
                pair("http.response.status_code", "500"),
            ],
            ..Span::default()
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: resource(),
                scope_spans: vec![ScopeSpans {
                    spans: vec![span],
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        let mut builder = TracesBuilder::new();
        builder.append(&request, &context(), 1).unwrap();
        let batch = builder.finish();
        for q in [
            "status:%3E%3D500",
            "duration:%3E1ms",
            "kind:server",
            "status:error",
            "stock -timeout",
        ] {
            assert_eq!(found(&batch, &format!("signal=traces&q={q}")).matched, 1, "{q}");
        }
        let found = found(&batch, "signal=traces");
        let sent: serde_json::Value = serde_json::from_str(&found.rows[0]).unwrap();
        assert_eq!(sent["name"], "GET /cart");
        assert_eq!(
            (&sent["duration_ms"], &sent["http_status"]),
            (&1.5.into(), &500.into())
        );
        assert_eq!(
            (&sent["status"], &sent["kind"]),
            (&"Error".into(), &"Server".into())
        );
        assert_eq!(sent["message"], "no stock");
    }

    #[test]
    fn a_row_is_bounded_and_so_are_the_rows_of_a_batch() {
        let long = "ä\u{1}".repeat(1 << 12);
        let mut record = record(&long);
        record.event_name = long.clone();
        let batch = logs(vec![record; 2 * RATE as usize]);
        let found = found(&batch, "signal=logs");
        assert_eq!(
            (found.rows.len(), found.matched),
            (RATE as usize, 2 * u64::from(RATE))
        );
        let row = &found.rows[0];
        assert!(row.len() < 7_000 && row.contains('…'), "{}", row.len());
    }
}
