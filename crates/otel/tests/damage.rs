//! One bad value costs only that value, or its record. All other records of the request arrive unchanged.
#![cfg(feature = "decode")]

use lakefront_otel::decode::{self, Encoding, Repair, Repairs, Signal, UNREADABLE, logs, metrics, traces};
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;
use serde_json::{Value, json};

mod messages;

/// Returns the request as JSON, decoded as ingest does it: strictly, else with repairs.
fn read(signal: Signal, encoding: Encoding, body: &[u8]) -> Option<(Value, Repairs)> {
    let strict = |encoding, body: &[u8]| {
        Some(match signal {
            Signal::Logs => serde_json::to_value(logs(encoding, body).ok()?),
            Signal::Traces => serde_json::to_value(traces(encoding, body).ok()?),
            Signal::Metrics => serde_json::to_value(metrics(encoding, body).ok()?),
        })
    };
    if let Some(value) = strict(encoding, body) {
        return Some((value.expect("JSON"), Repairs::default()));
    }
    let repaired = decode::repair(signal, encoding, body).ok()?;
    let value = strict(Encoding::Protobuf, &repaired.protobuf)?;
    Some((value.expect("JSON"), repaired.repairs))
}

/// Names of the lists of records.
const RECORDS: [&str; 3] = ["logRecords", "spans", "dataPoints"];
/// Names of the fields on the path to the records.
const CONTAINERS: [&str; 12] = [
    "resourceLogs",
    "resourceSpans",
    "resourceMetrics",
    "scopeLogs",
    "scopeSpans",
    "scopeMetrics",
    "metrics",
    "gauge",
    "sum",
    "histogram",
    "exponentialHistogram",
    "summary",
];

/// Collects the JSON pointers of all values of a request.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                pointers(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Returns the pointer of the record that a pointer leads to or into.
fn record_of(pointer: &str) -> Option<&str> {
    let mut end = 0;
    let mut is_record = false;
    for step in pointer.split('/').skip(1) {
        end += 1 + step.len();
        if is_record {
            return Some(&pointer[..end]);
        }
        is_record = RECORDS.contains(&step);
    }
    None
}

/// Returns true if the value is in a record, or is shared by records.
fn is_value(pointer: &str) -> bool {
    let mut steps = pointer.rsplit('/');
    let last = steps.next().unwrap_or_default();
    let name = if last.parse::<usize>().is_ok() {
        steps.next().unwrap_or_default()
    } else {
        last
    };
    let leads_to_records = name.is_empty() || CONTAINERS.contains(&name) || RECORDS.contains(&name);
    record_of(pointer).is_some() || !leads_to_records
}

/// Returns the records of a request with their pointers.
fn records(request: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    pointers(request, "", &mut found);
    let is_record = |pointer: &String| record_of(pointer) == Some(pointer.as_str());
    let record = |pointer: String| {
        (
            pointer.clone(),
            request.pointer(&pointer).expect("it is there").clone(),
        )
    };
    found.into_iter().filter(is_record).map(record).collect()
}

/// Asserts that all records except the damaged one are unchanged.
fn compare(before: &Value, after: &Value, damage: &str) -> Result<(), TestCaseError> {
    let (before, after) = (records(before), records(after));
    prop_assert_eq!(before.len(), after.len());
    for (before, after) in before.into_iter().zip(after) {
        if record_of(damage) != Some(before.0.as_str()) {
            prop_assert_eq!(before, after, "damage at {}", damage);
        }
    }
    Ok(())
}

/// JSON values that are wrong in almost every place. `%` is a placeholder for a quotation mark, and is replaced in the
/// text.
const JUNK: [&str; 20] = [
    "true",
    "-1",
    "1.5",
    "1e21",
    "1e999",
    "NaN",
    "9223372036854775808",
    "18446744073709551616",
    "-18446744073709551616",
    r#""18446744073709551616""#,
    r#""soon""#,
    r#""0f1""#,
    r#""\ud83d""#,
    r#""\udc00 \x""#,
    r#""!!""#,
    "[]",
    "[[1,{}]]",
    "[true]",
    "{}",
    r#"{"a":{"stringValue":[1]}}"#,
];

/// Replaces one value with junk. Returns the damaged JSON, and the pointer of the damage.
fn damaged(request: &Value, at: Index, junk: Index) -> (String, String) {
    const MARK: &str = "the value to replace";
    let mut all = Vec::new();
    pointers(request, "", &mut all);
    all.retain(|pointer| is_value(pointer));
    let pointer = at.get(&all).clone();
    let mut damaged = request.clone();
    *damaged.pointer_mut(&pointer).expect("it is there") = json!(MARK);
    let text = damaged
        .to_string()
        .replacen(&format!("{MARK:?}"), JUNK[junk.index(JUNK.len())], 1);
    (text, pointer)
}

fn json_case(signal: Signal, request: &Value, at: Index, junk: Index) -> Result<(), TestCaseError> {
    if records(request).is_empty() {
        return Ok(());
    }
    let (text, pointer) = damaged(request, at, junk);
    let Some((after, _)) = read(signal, Encoding::Json, text.as_bytes()) else {
        return Err(TestCaseError::fail(format!("refused: {text}")));
    };
    compare(request, &after, &pointer)
}

/// Damages one text in the protobuf of a request.
fn protobuf_case(
    signal: Signal,
    request: &Value,
    encode: impl Fn(&[u8]) -> Vec<u8>,
    at: Index,
) -> Result<(), TestCaseError> {
    const MARK: &str = "the text to damage";
    const TEXTS: [&str; 14] = [
        "stringValue",
        "key",
        "name",
        "schemaUrl",
        "severityText",
        "eventName",
        "traceState",
        "version",
        "description",
        "unit",
        "message",
        "type",
        "idKeys",
        "descriptionKeys",
    ];
    let mut all = Vec::new();
    pointers(request, "", &mut all);
    all.retain(|pointer| {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        TEXTS.contains(&name) && request.pointer(pointer).is_some_and(Value::is_string)
    });
    if all.is_empty() {
        return Ok(());
    }
    let pointer = at.get(&all);
    let mut marked = request.clone();
    *marked.pointer_mut(pointer).expect("it is there") = json!(MARK);
    let mut body = encode(marked.to_string().as_bytes());
    let start = body
        .windows(MARK.len())
        .position(|window| window == MARK.as_bytes())
        .expect("the text");
    body[start] = 0xe9;
    let Some((after, repairs)) = read(signal, Encoding::Protobuf, &body) else {
        return Err(TestCaseError::fail(format!("refused: damage at {pointer}")));
    };
    prop_assert!(
        repairs
            .iter()
            .eq([(Repair::Text, 1, repairs.first(Repair::Text).expect("a place"))])
    );
    *marked.pointer_mut(pointer).expect("it is there") = json!(MARK.replacen('t', "\u{fffd}", 1));
    prop_assert_eq!(marked, after);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_bad_value_in_json_costs_no_other_log(request in messages::logs(), at in any::<Index>(), junk in any::<Index>()) {
        json_case(Signal::Logs, &serde_json::to_value(&request).expect("JSON"), at, junk)?;
    }

    #[test]
    fn a_bad_value_in_json_costs_no_other_span(request in messages::traces(), at in any::<Index>(), junk in any::<Index>()) {
        json_case(Signal::Traces, &serde_json::to_value(&request).expect("JSON"), at, junk)?;
    }

    #[test]
    fn a_bad_value_in_json_costs_no_other_point((request, _) in messages::metrics(), at in any::<Index>(), junk in any::<Index>()) {
        json_case(Signal::Metrics, &serde_json::to_value(&request).expect("JSON"), at, junk)?;
    }

    #[test]
    fn a_bad_text_in_protobuf_costs_no_other_log(request in messages::logs(), at in any::<Index>()) {
        let encode = |json: &[u8]| logs(Encoding::Json, json).expect("JSON").encode_to_vec();
        protobuf_case(Signal::Logs, &serde_json::to_value(&request).expect("JSON"), encode, at)?;
    }

    #[test]
    fn a_bad_text_in_protobuf_costs_no_other_span(request in messages::traces(), at in any::<Index>()) {
        let encode = |json: &[u8]| traces(Encoding::Json, json).expect("JSON").encode_to_vec();
        protobuf_case(Signal::Traces, &serde_json::to_value(&request).expect("JSON"), encode, at)?;
    }

    #[test]
    fn a_bad_text_in_protobuf_costs_no_other_point((request, _) in messages::metrics(), at in any::<Index>()) {
        let encode = |json: &[u8]| metrics(Encoding::Json, json).expect("JSON").encode_to_vec();
        protobuf_case(Signal::Metrics, &serde_json::to_value(&request).expect("JSON"), encode, at)?;
    }

    /// If the bytes of one record are overwritten, the others arrive, unless the record is the only one.
    #[test]
    fn a_broken_record_in_protobuf_costs_no_other(request in messages::logs(), at in any::<Index>(), noise in any::<u8>()) {
        let before = serde_json::to_value(&request).expect("JSON");
        let records = records(&before);
        prop_assume!(records.len() > 1);
        let pointer = at.get(&records).0.clone();
        let mut marked = before.clone();
        let text = "x".repeat(40);
        *marked.pointer_mut(&pointer).expect("it is there") = json!({"severityText": text});
        let mut body = logs(Encoding::Json, marked.to_string().as_bytes()).expect("JSON").encode_to_vec();
        let start = body.windows(40).position(|window| window == text.as_bytes()).expect("the text");
        // The range covers the key, the length and the text itself.
        body[start - 2..start + 40].fill(noise);
        let Some((after, _)) = read(Signal::Logs, Encoding::Protobuf, &body) else {
            return Err(TestCaseError::fail("refused"));
        };
        compare(&before, &after, &pointer)?;
    }

    /// Any bytes are either an error or a request.
    #[test]
    fn repairing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
            for encoding in [Encoding::Json, Encoding::Protobuf] {
                let _ = decode::repair(signal, encoding, &bytes);
            }
        }
    }

    /// Damaged bytes are either an error or a request.
    #[test]
    fn repairing_damaged_bytes_never_panics(request in messages::logs(), at in any::<Index>(), byte in any::<u8>()) {
        for (encoding, mut body) in [
            (Encoding::Json, serde_json::to_vec(&request).expect("JSON")),
            (Encoding::Protobuf, request.encode_to_vec()),
        ] {
            if !body.is_empty() {
                let index = at.index(body.len());
                body[index] = byte;
            }
            let _ = read(Signal::Logs, encoding, &body);
        }
    }
}

/// Returns the only record of a request, as JSON, and the repairs.
#[track_caller]
fn record(fields: &str) -> (Value, Vec<(Repair, String)>) {
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{}},{{{fields}}}]}}]}}]}}"#);
    let Some((request, repairs)) = read(Signal::Logs, Encoding::Json, body.as_bytes()) else {
        panic!("refused: {fields}");
    };
    let repairs = repairs
        .iter()
        .map(|(repair, _, first)| (repair, first.to_owned()));
    let record = request
        .pointer("/resourceLogs/0/scopeLogs/0/logRecords/1")
        .expect("a record");
    (record.clone(), repairs.collect())
}

#[test]
fn values_of_attributes_keep_the_type_they_have() {
    let cases = [
        (
            r#"{"intValue":18446744073709551616}"#,
            json!({"doubleValue": 1.8446744073709552e19}),
        ),
        (
            r#"{"intValue":"18446744073709551615"}"#,
            json!({"doubleValue": 1.8446744073709552e19}),
        ),
        (r#"{"intValue":1e21}"#, json!({"doubleValue": 1e21})),
        (
            r#"{"intValue":9223372036854775808}"#,
            json!({"doubleValue": 9_223_372_036_854_775_808.0}),
        ),
        (
            r#"{"intValue":-18446744073709551616}"#,
            json!({"doubleValue": -1.8446744073709552e19}),
        ),
        (r#"{"intValue":1.5}"#, json!({"doubleValue": 1.5})),
        (r#"{"intValue":"five"}"#, json!({"stringValue": "five"})),
        (r#"{"intValue":true}"#, json!({"boolValue": true})),
        (r#"{"doubleValue":"much"}"#, json!({"stringValue": "much"})),
        (r#"{"boolValue":"yes"}"#, json!({"stringValue": "yes"})),
        (r#"{"stringValue":5}"#, json!({"intValue": "5"})),
        (r#"{"bytesValue":"!!"}"#, json!({"stringValue": "!!"})),
        (r#""text""#, json!({"stringValue": "text"})),
        ("7", json!({"intValue": "7"})),
        (
            r#"{"arrayValue":{"values":[1.5,{"intValue":2.5}]}}"#,
            json!({"arrayValue": {"values": [{"doubleValue": 1.5}, {"doubleValue": 2.5}]}}),
        ),
    ];
    for (sent, expected) in cases {
        let (record, repairs) = record(&format!(r#""body":{sent}"#));
        assert_eq!(record["body"], expected, "{sent}");
        assert!(matches!(repairs[..], [(Repair::Type, _)]), "{sent}: {repairs:?}");
    }
    let (record, repairs) = record(r#""body":{"stringValue":"a\ud83db"}"#);
    assert_eq!(record["body"], json!({"stringValue": "a\u{fffd}b"}));
    assert!(matches!(repairs[..], [(Repair::Text, _)]), "{repairs:?}");
}

#[test]
fn a_record_is_lost_where_it_would_be_another_and_the_place_is_named() {
    let (lost, repairs) = record(r#""timeUnixNano":"soon","body":{"stringValue":"a"}"#);
    assert_eq!(lost["timeUnixNano"], json!(UNREADABLE.to_string()));
    assert_eq!(lost["body"], json!(null));
    let place = "resourceLogs[0].scopeLogs[0].logRecords[1].timeUnixNano: expected an integer from 0 to \
                 18446744073709551615, or one in a string, for timeUnixNano";
    assert_eq!(repairs, [(Repair::Record, place.to_owned())]);

    for (left_out, name) in [
        (r#""severityNumber":"LOUD""#, "severityNumber"),
        (r#""severityNumber":4294967297"#, "severityNumber"),
        (r#""droppedAttributesCount":-1"#, "droppedAttributesCount"),
        (r#""traceId":"not hexadecimal!""#, "traceId"),
        (r#""attributes":{"a":1}"#, "attributes"),
        (r#""body":[1]"#, "body"),
        (r#""severityText":{}"#, "severityText"),
    ] {
        let (kept, repairs) = record(&format!(r#"{left_out},"eventName":"kept""#));
        assert_eq!(kept["eventName"], "kept", "{left_out}");
        assert!(
            matches!(&repairs[..], [(Repair::LeftOut, place)] if place.contains(name)),
            "{repairs:?}"
        );
    }
}

/// Errors outside of the records cost no record.
#[test]
fn what_records_share_is_left_out() {
    let body = br#"{"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":{"doubleValue":[1]}}]},"schemaUrl":7,
        "scopeLogs":[{"scope":"shop","logRecords":[{"eventName":"a"},{"eventName":"b"}]}]}]}"#;
    let (request, repairs) = read(Signal::Logs, Encoding::Json, body).expect("a request");
    let records = request
        .pointer("/resourceLogs/0/scopeLogs/0/logRecords")
        .expect("records");
    assert_eq!(
        (&records[0]["eventName"], &records[1]["eventName"]),
        (&json!("a"), &json!("b"))
    );
    assert!(
        repairs
            .iter()
            .all(|(repair, count, _)| (repair, count) == (Repair::LeftOut, 3)),
        "{repairs:?}"
    );
}

#[test]
fn a_point_without_a_part_of_its_measurement_is_lost() {
    for bad in [
        r#""exponentialHistogram":{"dataPoints":[{"positive":5}]}"#,
        r#""exponentialHistogram":{"dataPoints":[{"positive":{"bucketCounts":[1,-1]}}]}"#,
        r#""exponentialHistogram":{"dataPoints":[{"scale":2147483648}]}"#,
        r#""histogram":{"dataPoints":[{"bucketCounts":{}}]}"#,
        r#""histogram":{"dataPoints":[{"explicitBounds":[1,"x"]}]}"#,
        r#""summary":{"dataPoints":[{"quantileValues":[7]}]}"#,
        r#""sum":{"dataPoints":[{"asDouble":"x"}]}"#,
        r#""gauge":{"dataPoints":["x"]}"#,
    ] {
        let body = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{{bad}}}]}}]}}]}}"#);
        let (request, _) = read(Signal::Metrics, Encoding::Json, body.as_bytes()).expect("a request");
        let points = records(&request);
        assert_eq!(points.len(), 1, "{bad}");
        assert_eq!(
            points[0].1["timeUnixNano"],
            json!(UNREADABLE.to_string()),
            "{bad}"
        );
    }
}

/// Protobuf's own JSON writers have an option to write names of fields and enumerations as in the `.proto` files.
#[test]
fn names_of_the_proto_files_are_understood() {
    let body = br#"{"resource_spans":[{"scope_spans":[{"spans":[{"kind":"SPAN_KIND_SERVER","start_time_unix_nano":"5",
        "status":{"code":"STATUS_CODE_ERROR"}}]}]}]}"#;
    let request = traces(Encoding::Json, body).expect("JSON");
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((span.kind, span.start_time_unix_nano), (2, 5));
    assert_eq!(span.status.as_ref().map(|status| status.code), Some(2));
}

#[test]
fn unknown_fields_of_a_request_are_named() {
    let repaired = decode::repair(Signal::Traces, Encoding::Json, br#"{"resourceLogs":[{}]}"#).expect("JSON");
    let place = "\"resourceLogs\": an unknown field; this path takes resourceSpans";
    assert_eq!(repaired.repairs.first(Repair::LeftOut), Some(place));
}

/// A value that is nested too deeply costs its record. It is cut where reading it would need too much stack, and ingest
/// rejects values with more than 16 levels.
#[test]
fn deep_values_are_cut() {
    for depth in [20, 50, 200, 100_000] {
        for (open, close) in [
            (r#"{"arrayValue":{"values":["#, "]}}"),
            (r#"{"kvlistValue":{"values":[{"key":"k","value":"#, "}]}}"),
        ] {
            let (record, _) = record(&format!(
                r#""body":{}{{}}{}"#,
                open.repeat(depth),
                close.repeat(depth)
            ));
            let levels = record["body"].to_string().matches("Value\":{\"values").count();
            assert!((17..64).contains(&levels), "{levels} of {depth}");
        }
    }
    let mut value = Vec::new();
    for _ in 0..2_000 {
        // An ArrayValue (field 5 of AnyValue) with one value (field 1).
        let inner = std::mem::take(&mut value);
        let mut array = Vec::new();
        prost::encoding::bytes::encode(1, &inner, &mut array);
        prost::encoding::bytes::encode(5, &array, &mut value);
    }
    let mut good = logs(
        Encoding::Json,
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"good"}]}]}]}"#,
    )
    .expect("JSON");
    // The record with the value follows the good one.
    let mut record = Vec::new();
    prost::encoding::bytes::encode(5, &value, &mut record);
    let mut scope = good.resource_logs[0].scope_logs.remove(0).encode_to_vec();
    prost::encoding::bytes::encode(2, &record, &mut scope);
    let mut resource = Vec::new();
    prost::encoding::bytes::encode(2, &scope, &mut resource);
    let mut body = Vec::new();
    prost::encoding::bytes::encode(1, &resource, &mut body);
    let (request, repairs) = read(Signal::Logs, Encoding::Protobuf, &body).expect("a request");
    assert!(repairs.first(Repair::LeftOut).is_some());
    let records = request
        .pointer("/resourceLogs/0/scopeLogs/0/logRecords")
        .expect("records");
    assert_eq!(records[0]["eventName"], "good");
    assert!(records[1]["body"].to_string().matches("arrayValue").count() > 16);
}

/// A body that is not OTLP of the signal remains an error.
#[test]
fn broken_bodies_are_refused() {
    for body in [
        "",
        "[]",
        "{",
        "3",
        r#"{"resourceLogs":3}"#,
        r#"{"resourceLogs":"[]"}"#,
        r#"{"resourceLogs":[]} x"#,
        r#"{"resourceLogs":[{"schemaUrl":1}"#,
        "caf\u{e9}",
    ] {
        assert!(
            read(Signal::Logs, Encoding::Json, body.as_bytes()).is_none(),
            "{body}"
        );
    }
    let request = logs(
        Encoding::Json,
        br#"{"resourceLogs":[{"resource":{"attributes":[{"key":"k"}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":5,
            "eventName":"a"},{"eventName":"b"}]}]}]}"#,
    )
    .expect("JSON");
    let body = request.encode_to_vec();
    assert!(read(Signal::Logs, Encoding::Protobuf, &body).is_some());
    for length in 1..body.len() {
        assert!(
            read(Signal::Logs, Encoding::Protobuf, &body[..length]).is_none(),
            "cut at {length}"
        );
    }
    assert!(
        read(Signal::Traces, Encoding::Protobuf, &body).is_none(),
        "logs sent as traces"
    );
}
