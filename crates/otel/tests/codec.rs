//! Decoding: round trips, and malformed input.
#![cfg(feature = "arrow")]

use lakefront_otel::arrow::{LogsBuilder, MetricsBuilder, TracesBuilder};
use lakefront_otel::decode::{Encoding, Signal, json_to_protobuf, logs, metrics, traces};
use lakefront_otel::map::RequestContext;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use proptest::prelude::*;
use prost::Message;

mod messages;

const CONTEXT: RequestContext<'_> = RequestContext {
    sender: None,
    user_agent: "",
    country: "",
    arrival: 1,
};

fn map_logs(request: &ExportLogsServiceRequest) -> usize {
    let mut builder = LogsBuilder::new();
    let appended = builder.append(request, &CONTEXT, 1).expect("small");
    let batch = builder.finish();
    assert_eq!(batch.num_rows() as u64, appended.rows);
    batch.num_rows()
}

fn map_traces(request: &ExportTraceServiceRequest) -> usize {
    let mut builder = TracesBuilder::new();
    let appended = builder.append(request, &CONTEXT, 1).expect("small");
    let batch = builder.finish();
    assert_eq!(batch.num_rows() as u64, appended.rows);
    (appended.rows + appended.rejected) as usize
}

fn map_metrics(request: &ExportMetricsServiceRequest) -> usize {
    let mut builder = MetricsBuilder::new();
    let appended = builder.append(request, &CONTEXT, 1).expect("small");
    let rows: usize = builder.finish().iter().map(|(_, batch)| batch.num_rows()).sum();
    assert_eq!(rows as u64, appended.rows);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn logs_round_trip(request in messages::logs()) {
        prop_assert_eq!(&logs(Encoding::Protobuf, &request.encode_to_vec()).expect("protobuf"), &request);
        let json = serde_json::to_vec(&request).expect("JSON");
        prop_assert_eq!(&logs(Encoding::Json, &json).expect("JSON"), &request);
        let records = request.resource_logs.iter().flat_map(|logs| &logs.scope_logs).map(|scope| scope.log_records.len());
        prop_assert_eq!(map_logs(&request), records.sum::<usize>());
    }

    #[test]
    fn traces_round_trip(request in messages::traces()) {
        prop_assert_eq!(&traces(Encoding::Protobuf, &request.encode_to_vec()).expect("protobuf"), &request);
        let json = serde_json::to_vec(&request).expect("JSON");
        prop_assert_eq!(&traces(Encoding::Json, &json).expect("JSON"), &request);
        let spans = request.resource_spans.iter().flat_map(|spans| &spans.scope_spans).map(|scope| scope.spans.len());
        prop_assert_eq!(map_traces(&request), spans.sum::<usize>());
    }

    #[test]
    fn metrics_round_trip((request, points) in messages::metrics()) {
        prop_assert_eq!(&metrics(Encoding::Protobuf, &request.encode_to_vec()).expect("protobuf"), &request);
        let json = serde_json::to_vec(&request).expect("JSON");
        prop_assert_eq!(&metrics(Encoding::Json, &json).expect("JSON"), &request);
        prop_assert_eq!(map_metrics(&request), points);
    }

    /// Any bytes are either an error or rows.
    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = logs(Encoding::Protobuf, &bytes).map(|request| map_logs(&request));
        let _ = traces(Encoding::Protobuf, &bytes).map(|request| map_traces(&request));
        let _ = metrics(Encoding::Protobuf, &bytes).map(|request| map_metrics(&request));
        for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
            let _ = json_to_protobuf(signal, &bytes);
        }
    }

    /// Damaged messages are either an error or rows.
    #[test]
    fn damaged_messages_never_panic(request in messages::logs(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = request.encode_to_vec();
        let mut json = serde_json::to_vec(&request).expect("JSON");
        if !bytes.is_empty() {
            let index = at.index(bytes.len());
            bytes[index] = byte;
        }
        let index = at.index(json.len());
        json[index] = byte;
        let _ = logs(Encoding::Protobuf, &bytes).map(|request| map_logs(&request));
        let _ = logs(Encoding::Json, &json).map(|request| map_logs(&request));
    }
}

fn attribute(json: &str) -> Option<Value> {
    let body = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"attributes":[{{"key":"k","value":{json}}}]}}]}}]}}]}}"#
    );
    let mut request = logs(Encoding::Json, body.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    request
        .resource_logs
        .remove(0)
        .scope_logs
        .remove(0)
        .log_records
        .remove(0)
        .attributes
        .remove(0)
        .value?
        .value
}

/// JSON as SDKs and Collectors write it, which a stricter reading would refuse.
#[test]
fn json_values_as_they_come() {
    assert_eq!(
        attribute(r#"{"intValue":"-9223372036854775808"}"#),
        Some(Value::IntValue(i64::MIN))
    );
    assert_eq!(attribute(r#"{"intValue":42}"#), Some(Value::IntValue(42)));
    assert_eq!(attribute(r#"{"intValue":1e3}"#), Some(Value::IntValue(1_000)));
    assert_eq!(attribute(r#"{"doubleValue":1}"#), Some(Value::DoubleValue(1.0)));
    assert_eq!(
        attribute(r#"{"doubleValue":"-Infinity"}"#),
        Some(Value::DoubleValue(f64::NEG_INFINITY))
    );
    assert!(
        matches!(attribute(r#"{"doubleValue":"NaN"}"#), Some(Value::DoubleValue(value)) if value.is_nan())
    );
    assert_eq!(
        attribute(r#"{"bytesValue":"AP8="}"#),
        Some(Value::BytesValue(vec![0, 255]))
    );
    assert_eq!(
        attribute(r#"{"bytesValue":"AP8"}"#),
        Some(Value::BytesValue(vec![0, 255]))
    );
    assert_eq!(attribute("{}"), None);
    assert_eq!(attribute("null"), None);
    assert_eq!(attribute(r#"{"doubleValue":null}"#), None);
    assert_eq!(
        attribute(r#"{"laterValue":{"a":[1,{}]},"stringValue":"ä\n"}"#),
        Some(Value::StringValue("ä\n".into()))
    );
    assert!(
        matches!(attribute(r#"{"arrayValue":{}}"#), Some(Value::ArrayValue(array)) if array.values.is_empty())
    );
    let nulls = attribute(r#"{"arrayValue":{"values":[null,{"boolValue":true}]}}"#);
    assert!(matches!(nulls, Some(Value::ArrayValue(array)) if array.values.len() == 2));
}

#[test]
fn ids_in_json_are_hexadecimal_and_base64_is_told_apart() {
    let id = |trace_id: &str| {
        let body = format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"traceId":"{trace_id}"}}]}}]}}]}}"#
        );
        logs(Encoding::Json, body.as_bytes()).map(|request| {
            request.resource_logs[0].scope_logs[0].log_records[0]
                .trace_id
                .clone()
        })
    };
    let bytes: Vec<u8> = (0..16).map(|byte| byte * 16 + 15).collect();
    assert_eq!(id("0f1f2f3f4f5f6f7f8f9fafbfcfdfefff").expect("lower case"), bytes);
    assert_eq!(id("0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFFF").expect("upper case"), bytes);
    assert_eq!(id("Dx8vP09fb3+Pn6+/z9/v/w==").expect("base64"), bytes);
    assert_eq!(id("").expect("none"), Vec::<u8>::new());
    assert!(id("not hexadecimal!").is_err());
    assert!(id("0f1").is_err());
}

#[test]
fn wrong_types_are_named() {
    let error = |body: &str| logs(Encoding::Json, body.as_bytes()).expect_err(body).to_string();
    let prefix = "the body is not OTLP JSON of this signal: ";
    assert_eq!(
        error(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]}"#),
        format!(
            "{prefix}invalid value: string \"soon\", expected an integer from 0 to 18446744073709551615, or one in a string, \
             for timeUnixNano at line 1 column 68"
        )
    );
    for body in [
        "",
        "[]",
        "{",
        r#"{"resourceLogs":{}}"#,
        r#"{"resourceLogs":[[]]}"#,
        r#"{"resourceLogs":[]} x"#,
        r#"{"resourceLogs":[{"schemaUrl":1}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":1.5}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":-1}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1e30}]}]}]}"#,
    ] {
        assert!(error(body).starts_with(prefix), "{body}");
    }
}

/// A value that is nested as deeply as the body is long must be refused, and must not exhaust the stack.
#[test]
fn deep_nesting_is_refused() {
    let nested = |depth: usize| {
        let open = r#"{"arrayValue":{"values":["#.repeat(depth);
        let close = "]}}".repeat(depth);
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{open}{close}}}]}}]}}]}}"#)
    };
    assert!(logs(Encoding::Json, nested(20).as_bytes()).is_ok());
    assert!(logs(Encoding::Json, nested(50).as_bytes()).is_err());
    assert!(logs(Encoding::Json, nested(1_000_000).as_bytes()).is_err());
    // The content of an unknown field is skipped without recursion.
    let unknown = format!(r#"{{"other":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(logs(Encoding::Json, unknown.as_bytes()).is_ok());

    let mut body = Vec::new();
    for _ in 0..20_000 {
        // An ArrayValue (field 5 of AnyValue) with one value (field 1).
        let mut outer = Vec::new();
        prost::encoding::bytes::encode(1, &body, &mut outer);
        body.clear();
        prost::encoding::bytes::encode(5, &outer, &mut body);
        if body.len() > 60_000 {
            break;
        }
    }
    for tag in [5, 2, 2, 1] {
        let inner = std::mem::take(&mut body);
        prost::encoding::bytes::encode(tag, &inner, &mut body);
    }
    assert!(logs(Encoding::Protobuf, &body).is_err());
}

/// A resource's attributes are sent once and stored with every record. A small body must not become a huge batch.
#[test]
fn amplification_is_refused() {
    use lakefront_otel::arrow::AppendError;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;

    let value = AnyValue {
        value: Some(Value::StringValue("x".repeat(1_000_000))),
    };
    let attributes = vec![KeyValue {
        key: "k".into(),
        value: Some(value),
        ..KeyValue::default()
    }];
    let scope_logs = vec![ScopeLogs {
        log_records: vec![LogRecord::default(); 100_000],
        ..ScopeLogs::default()
    }];
    let resource = Some(Resource {
        attributes,
        ..Resource::default()
    });
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource,
            scope_logs,
            ..ResourceLogs::default()
        }],
    };
    let mut builder = LogsBuilder::new();
    let refused = builder.append(&request, &CONTEXT, 1);
    assert!(
        matches!(refused, Err(AppendError::RequestTooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(builder.finish().num_rows(), 0);
}
