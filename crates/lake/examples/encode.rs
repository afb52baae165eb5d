//! Measures the cost of sorting and encoding log records.
//!
//! The records are like those of a web service: a handful of services and messages, a trace, a few attributes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Instant;

use lakefront_lake::{Lake, LakeConfig, Layout, StringColumns};
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// 2026-03-10T00:00:00Z in nanoseconds.
const START: u64 = 1_773_100_800_000_000_000;
const REQUEST: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(200_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let choices = [StringColumns::All, StringColumns::AllButIds, StringColumns::Few];
    for (round, dictionaries) in (0..).zip(choices.into_iter().cycle().take(9)) {
        let config = LakeConfig {
            layout: Layout {
                dictionaries,
                ..Layout::default()
            },
            ..LakeConfig::new(folder.path())
        };
        let lake = Lake::open(config).await?;
        let mut builder = LogsBuilder::new();
        for number in 0..rows / REQUEST {
            let context = RequestContext {
                sender: None,
                user_agent: "",
                country: "",
                arrival: (START / 1_000) as i64,
            };
            let request = request(round * rows + number * REQUEST);
            builder.append(&request, &context, (number * REQUEST) as i64)?;
        }
        let batch = builder.finish();
        let memory = batch.get_array_memory_size();
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let files = lake.write("otel_logs", batch).await?;
        let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let bytes: u64 = files.iter().map(|file| file.file_size_in_bytes()).sum();
        println!(
            "{rows} rows, dictionaries for {dictionaries:?}: {:.2} µs CPU a row, {:.0} rows/s, {:.1} bytes a row on disk, {} in memory",
            cpu * 1e6 / rows as f64,
            rows as f64 / wall,
            bytes as f64 / rows as f64,
            memory as u64 / rows,
        );
    }
    Ok(())
}

fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of proc(5) stat: ticks of 10 ms in user and system mode.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .skip(11)
        .take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn request(first: u64) -> ExportLogsServiceRequest {
    let service = first / REQUEST % 4;
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", format!("service-{service}")),
                    text("service.version", "1.4.2".to_owned()),
                    text("deployment.environment.name", "production".to_owned()),
                    text("host.name", format!("host-{service}")),
                ],
                ..Resource::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: "shop".to_owned(),
                    ..InstrumentationScope::default()
                }),
                log_records: (first..first + REQUEST).map(record).collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn record(number: u64) -> LogRecord {
    let random = random(number);
    LogRecord {
        time_unix_nano: START + number * 5_000 + random % 1_000_000,
        severity_number: if random.is_multiple_of(50) { 17 } else { 9 },
        severity_text: if random.is_multiple_of(50) {
            "ERROR"
        } else {
            "INFO"
        }
        .to_owned(),
        body: Some(string(format!(
            "request {} took {} ms",
            number % 1_000,
            random % 900
        ))),
        trace_id: [random, random.rotate_left(32)]
            .iter()
            .flat_map(|half| half.to_be_bytes())
            .collect(),
        span_id: random.to_be_bytes().to_vec(),
        attributes: vec![
            text("http.request.method", "GET".to_owned()),
            text("url.path", format!("/products/{}", random % 500)),
            text("user.id", format!("user-{}", random % 5_000)),
            text("session.id", format!("{:016x}", random % 20_000)),
            text("thread.name", format!("worker-{}", random % 8)),
        ],
        ..LogRecord::default()
    }
}

fn random(seed: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    seed.hash(&mut hasher);
    hasher.finish()
}

fn text(key: &str, value: String) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(string(value)),
        ..KeyValue::default()
    }
}

fn string(value: String) -> AnyValue {
    AnyValue {
        value: Some(Value::StringValue(value)),
    }
}
