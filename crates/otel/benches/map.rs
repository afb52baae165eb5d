//! Measures the mapping of log records from an OTLP body to a record batch, per second of one core's time.
//!
//! The time is the CPU time of this thread on Linux, which other load on the machine hardly changes.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::decode::{Encoding, logs};
use lakefront_otel::map::{Pseudonym, RequestContext};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

const RECORDS: usize = 1_000;

/// Number of requests per record batch, as in a commit.
const REQUESTS: usize = 100;

fn main() {
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(2.0);
    let time = Duration::from_secs_f64(seconds);
    for (name, request) in [
        ("server logs", request(plain)),
        ("browser events", request(browser)),
        ("errors", request(error)),
    ] {
        let body = request.encode_to_vec();
        let json = serde_json::to_vec(&request).expect("JSON of a message");
        println!(
            "{name}: {} bytes a record as protobuf, {} as JSON",
            body.len() / RECORDS,
            json.len() / RECORDS
        );
        measure("decode protobuf", time, |_| drop(logs(Encoding::Protobuf, &body)));
        measure("decode JSON", time, |_| drop(logs(Encoding::Json, &json)));
        measure("map to Arrow", time, |builder| append(builder, &request));
        measure("decode protobuf and map to Arrow", time, |builder| {
            append(builder, &logs(Encoding::Protobuf, &body).expect("a body of ours"));
        });
    }
}

fn measure(what: &str, time: Duration, mut step: impl FnMut(&mut LogsBuilder)) {
    let mut builder = LogsBuilder::new();
    let start = cpu_time();
    let mut records = 0;
    while cpu_time() - start < time {
        for _ in 0..REQUESTS {
            step(&mut builder);
        }
        records += REQUESTS * RECORDS;
        drop(builder.finish());
    }
    println!(
        "  {what:<34} {:>9.0} records/s",
        records as f64 / (cpu_time() - start).as_secs_f64()
    );
}

/// Returns the CPU time of this thread; on other systems than Linux, the time of day.
fn cpu_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = statistics
        .as_deref()
        .and_then(|text| text.split(' ').next())
        .and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn append(builder: &mut LogsBuilder, request: &ExportLogsServiceRequest) {
    let context = RequestContext {
        sender: Some(Pseudonym::from_bytes([7; 16])),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        country: "NL",
        arrival: 1_774_353_600_000_000,
    };
    builder.append(request, &context, 1).expect("the batch has room");
}

fn request(record: fn(usize) -> LogRecord) -> ExportLogsServiceRequest {
    let resource = Resource {
        attributes: vec![
            text("service.name", "checkout"),
            text("service.namespace", "shop"),
            text("service.version", "1.4.2"),
            text("deployment.environment.name", "production"),
            text("host.name", "node-17.eu-west.example"),
            text("telemetry.sdk.language", "rust"),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "checkout".into(),
        version: "0.1".into(),
        ..Default::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope),
                log_records: (0..RECORDS).map(record).collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn plain(index: usize) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_774_353_600_000_000_000 + index as u64,
        observed_time_unix_nano: 1_774_353_600_000_000_500 + index as u64,
        severity_number: 9,
        severity_text: "INFO".into(),
        body: Some(any(Value::StringValue(format!(
            "order {index} placed in {} ms",
            index % 97
        )))),
        attributes: vec![
            text("order.id", &format!("order-{index}")),
            text("code.function.name", "shop::checkout::place_order"),
            KeyValue {
                key: "items".into(),
                value: Some(any(Value::IntValue((index % 7) as i64))),
                ..KeyValue::default()
            },
        ],
        trace_id: (index as u128 + 1).to_be_bytes().to_vec(),
        span_id: (index as u64 + 1).to_be_bytes().to_vec(),
        flags: 1,
        ..LogRecord::default()
    }
}

fn browser(index: usize) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_774_353_600_000_000_000 + index as u64,
        severity_number: 9,
        event_name: "browser.navigation".into(),
        attributes: vec![
            text(
                "url.full",
                &format!("https://shop.example/products/{index}?utm_source=news"),
            ),
            text("session.id", &format!("{:032x}", index / 5)),
            text(
                "browser.document.url.full",
                &format!("https://shop.example/products/{index}"),
            ),
        ],
        ..LogRecord::default()
    }
}

fn error(index: usize) -> LogRecord {
    LogRecord {
        event_name: "exception".into(),
        attributes: vec![
            text("exception.type", "TypeError"),
            text("exception.message", &format!("order {index} has no price")),
            text(
                "exception.stacktrace",
                "TypeError: order has no price\n    at price (https://shop.example/assets/cart-3f2a1b9c.js:1:2345)\n    \
                 at add (https://shop.example/assets/cart-3f2a1b9c.js:1:3456)",
            ),
        ],
        ..plain(index)
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(any(Value::StringValue(value.into()))),
        ..KeyValue::default()
    }
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
