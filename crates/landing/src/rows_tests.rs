//! Rows are the same after they were sent, had landed, and were read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use lakefront_otel::arrow::{LogsBuilder, MetricsBuilder, TracesBuilder};
use lakefront_otel::decode::{self, Request, Signal};
use lakefront_otel::map::{Pseudonym, RequestContext};
use lakefront_otel::{GAUGE, LOGS, TRACES, table};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point::Value,
};
use serde_json::Value as Json;

use super::*;
use crate::form::{INGESTED, LandingTable, landing_table};
use crate::{Chunk, ChunkKey, Chunks, Events, VERSION};

const ACCEPTED: i64 = 1_790_000_000_000_000;

fn context() -> RequestContext<'static> {
    RequestContext {
        sender: Some(Pseudonym::new(&[1; 32], [203, 0, 113, 7].into())),
        user_agent: "Mozilla/5.0",
        country: "NL",
        arrival: ACCEPTED,
    }
}

fn batches(request: &Request) -> Vec<(&'static str, RecordBatch)> {
    match request {
        Request::Logs(logs) => {
            let mut builder = LogsBuilder::new();
            builder.append(logs, &context(), 0).expect("logs");
            vec![(LOGS, builder.finish())]
        }
        Request::Traces(traces) => {
            let mut builder = TracesBuilder::new();
            builder.append(traces, &context(), 0).expect("traces");
            vec![(TRACES, builder.finish())]
        }
        Request::Metrics(metrics) => {
            let mut builder = MetricsBuilder::new();
            builder.append(metrics, &context(), 0).expect("metrics");
            builder.finish().into_iter().collect()
        }
    }
}

fn chunks(of: &str, batch: &RecordBatch) -> Vec<Chunk> {
    let events = Events::new(landing_table(of).expect("a table"), batch);
    Chunks::new(of, ChunkKey::new([]), ACCEPTED, events)
        .map(|chunk| chunk.expect("a chunk"))
        .collect()
}

/// Returns the events of a chunk as a pipeline lands them.
fn landed(table: &LandingTable, chunk: &Chunk) -> RecordBatch {
    let events: Vec<BTreeMap<String, Box<serde_json::value::RawValue>>> =
        serde_json::from_str(&chunk.body).expect("events");
    assert!(
        events
            .iter()
            .all(|event| event[key::VERSION].get() == VERSION.to_string())
    );
    let columns = table.columns.iter().map(|column| {
        let raw = events
            .iter()
            .map(|event| event.get(column.name).map(|raw| raw.get()));
        let text =
            |raw: Option<&str>| raw.map_or(String::new(), |raw| serde_json::from_str(raw).expect("a text"));
        let array: ArrayRef = match column.form {
            Form::Text => Arc::new(raw.map(|raw| Some(text(raw))).collect::<StringArray>()),
            Form::Json => Arc::new(raw.collect::<StringArray>()),
            Form::Integer => Arc::new(
                raw.map(|raw| raw.map(|raw| raw.parse::<i64>().expect("a number")))
                    .collect::<Int64Array>(),
            ),
            Form::Boolean => Arc::new(raw.map(|raw| Some(raw == Some("true"))).collect::<BooleanArray>()),
        };
        (column.name, array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

fn times() -> RangeInclusive<i64> {
    946_684_800_000_000..=i64::MAX
}

fn read(of: &str, batch: &RecordBatch) -> Moved {
    let all = BooleanArray::from(vec![true; batch.num_rows()]);
    rows(table(of).expect("a table"), batch, &all, &times()).expect("rows")
}

fn texts_of(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default();
    let mut lines = vec![String::new(); batch.num_rows()];
    // The keeper fills the last one.
    let schema = batch.schema();
    let named = schema.fields().iter().zip(batch.columns());
    for (_, column) in named.filter(|(field, _)| field.name() != ROW_ID) {
        let formatter = ArrayFormatter::try_new(column, &options).expect("a format");
        for (row, line) in lines.iter_mut().enumerate() {
            *line += &format!("{}|", formatter.value(row));
        }
    }
    lines
}

/// The bodies of real SDKs, whose rows other tests check.
#[test]
fn rows_of_sdks_are_the_same_after_they_landed() {
    let fixtures = Path::new("../otel/fixtures");
    let mut seen = BTreeMap::new();
    for folder in fs::read_dir(fixtures)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
    {
        let files = fs::read_dir(&folder).into_iter().flatten();
        for file in files.map(|entry| entry.expect("an entry").path()) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let Some(signal) = Signal::ALL
                .into_iter()
                .find(|signal| name.starts_with(signal.name()))
            else {
                continue;
            };
            let body = fs::read(&file).expect("a body");
            let protobuf = match file.extension().and_then(|extension| extension.to_str()) {
                Some("json") => decode::json_to_protobuf(signal, &body).expect("JSON"),
                Some("pb" | "bin") => body,
                _ => continue,
            };
            let request = Request::decode(signal, &protobuf).expect("a request");
            for (of, batch) in batches(&request) {
                if batch.num_rows() == 0 {
                    continue;
                }
                *seen.entry(of).or_insert(0) += batch.num_rows();
                let mut before = 0;
                for chunk in chunks(of, &batch) {
                    let landed = landed(landing_table(of).expect("a table"), &chunk);
                    let moved = read(of, &landed);
                    let sent = batch.slice(before, chunk.rows as usize);
                    before += chunk.rows as usize;
                    assert_eq!(moved.rows.schema(), sent.schema());
                    assert_eq!(texts_of(&moved.rows), texts_of(&sent), "{of}");
                    assert!(moved.is_readable.iter().all(|is_readable| *is_readable));
                    let marks = marks(&landed).expect("marks");
                    for (row, mark) in marks.iter().enumerate() {
                        let mark = mark.expect("a mark");
                        assert_eq!((mark.row as usize, mark.rows), (row, chunk.rows));
                        assert_eq!(mark.accepted, ACCEPTED);
                        assert_eq!(format!("{:032x}", mark.chunk), chunk.id);
                    }
                }
            }
        }
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn numbers_that_json_lacks_land() {
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        5e-324,
        1e300,
        0.1,
    ];
    let point = |value: f64| NumberDataPoint {
        time_unix_nano: 1_790_000_000_000_000_000,
        value: Some(Value::AsDouble(value)),
        ..NumberDataPoint::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![Metric {
                    data: Some(Data::Gauge(Gauge {
                        data_points: values.into_iter().map(point).collect(),
                    })),
                    ..Metric::default()
                }],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let (_, batch) = batches(&Request::Metrics(request))
        .into_iter()
        .find(|(of, _)| *of == GAUGE)
        .expect("points");
    let [chunk] = chunks(GAUGE, &batch).try_into().expect("one chunk");
    let moved = read(GAUGE, &landed(landing_table(GAUGE).expect("a table"), &chunk));
    let bits = |batch: &RecordBatch| -> Vec<u64> {
        let column = batch.column_by_name("Value").expect("values");
        let values = column.as_primitive::<Float64Type>().values();
        values.iter().map(|value| value.to_bits()).collect()
    };
    assert_eq!(bits(&moved.rows), bits(&batch));
}

/// Returns a landing batch of one log whose columns `change` changes.
fn log_with(change: &[(&str, ArrayRef)]) -> RecordBatch {
    let mut columns: BTreeMap<String, ArrayRef> = BTreeMap::new();
    let event: Json = serde_json::json!({"_row": 0, "_rows": 1, "_accepted": ACCEPTED, "timestamp": ACCEPTED,
        "observed_timestamp": ACCEPTED, "trace_flags": 0, "severity_number": 9});
    for (name, value) in event.as_object().expect("an object") {
        columns.insert(name.clone(), Arc::new(Int64Array::from(vec![value.as_i64()])));
    }
    columns.insert(
        "_chunk".to_owned(),
        Arc::new(StringArray::from(vec!["0".repeat(32)])),
    );
    for (name, array) in change {
        columns.insert((*name).to_owned(), Arc::clone(array));
    }
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

#[test]
fn a_row_that_no_worker_sent_is_not_stored() {
    let int = |value: Option<i64>| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    assert_eq!(read(LOGS, &log_with(&[])).rows.num_rows(), 1);
    for (name, value) in [
        ("timestamp", int(None)),
        ("timestamp", int(Some(0))),
        ("severity_number", int(Some(i64::MAX))),
        ("log_attributes", text("{\"a\":1}")),
        ("log_attributes", text("[]")),
        ("log_attributes", text("{")),
        ("vital_value", text("fast")),
    ] {
        let moved = read(LOGS, &log_with(&[(name, value)]));
        assert_eq!(
            (moved.rows.num_rows(), moved.is_readable),
            (0, vec![false]),
            "{name}"
        );
    }
    for (name, value) in [
        ("_row", int(Some(1))),
        ("_rows", int(Some(0))),
        ("_rows", int(Some(i64::MAX))),
        ("_accepted", int(None)),
        ("_chunk", text("short")),
        ("_chunk", text(&"x".repeat(32))),
    ] {
        assert_eq!(
            marks(&log_with(&[(name, value)])).expect("marks"),
            [None],
            "{name}"
        );
    }
    // Null stands for a value that was left out, and a table of a sink may lack a column.
    let moved = read(
        LOGS,
        &log_with(&[("vital_value", Arc::new(StringArray::from(vec![None::<&str>])))]),
    );
    assert!(
        moved
            .rows
            .column_by_name("VitalValue")
            .expect("a column")
            .is_null(0)
    );
    let times = moved.rows.column_by_name("Timestamp").expect("a column");
    assert_eq!(
        times.as_primitive::<TimestampMicrosecondType>().value(0),
        ACCEPTED
    );
}

#[test]
fn lists_of_a_group_have_one_length() {
    let ids = |texts: &str| Arc::new(StringArray::from(vec![texts])) as ArrayRef;
    let span = |more: &[(&str, ArrayRef)]| {
        let all: Vec<(&str, ArrayRef)> = more
            .iter()
            .cloned()
            .chain([("duration", Arc::new(Int64Array::from(vec![1])) as ArrayRef)])
            .collect();
        read(TRACES, &log_with(&all)).is_readable
    };
    let all = [
        ("links_trace_id", ids("[\"a\"]")),
        ("links_span_id", ids("[\"b\"]")),
        ("links_trace_state", ids("[\"\"]")),
        ("links_attributes", ids("[{}]")),
    ];
    assert_eq!(span(&all), [true]);
    assert_eq!(span(&all[..3]), [false]);
    assert_eq!(span(&[]), [true]);
}

#[test]
fn receipts_land_like_rows() {
    let chunk = Chunk {
        id: "0".repeat(32),
        rows: 7,
        accepted: ACCEPTED,
        body: String::new(),
    };
    let body = Receipt::body([(LOGS, &chunk), (TRACES, &chunk)]);
    let table = landing_table(crate::RECEIPTS).expect("a table");
    let landed = landed(table, &Chunk { body, ..chunk });
    let of = |table: &str| Receipt {
        table: table.to_owned(),
        rows: 7,
        accepted: ACCEPTED,
    };
    assert_eq!(receipts(&landed).expect("receipts"), [of(LOGS), of(TRACES)]);
    assert!(landed.column_by_name(INGESTED).is_none());
}
