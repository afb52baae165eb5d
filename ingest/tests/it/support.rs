//! Helpers of the tests: the server as a process, requests with known ids, and reading the lake back.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arrow_array::{Int64Array, StringArray, cast::AsArray, types::Int64Type};
use lakefront_lake::{Lake, LakeConfig};
use lakefront_tests::{LakeAt, data_files};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use prost::Message;
use reqwest::{Client, Response};
use tokio::time::{sleep, timeout};

/// The server as a process.
pub struct Server {
    pub url: String,
    /// The address of `--grpc-listen`.
    pub grpc_url: String,
    child: Child,
}

impl Server {
    /// Starts the binary on a free port with its lake below `data`, and waits until the server listens.
    pub fn start(data: &Path, flags: &[&str]) -> Self {
        Self::start_on(data, flags, &LakeAt::folder(data.join("lake")))
    }

    /// Starts the server like [`Self::start`], with the lake in another place.
    pub fn start_on(data: &Path, flags: &[&str], lake: &LakeAt) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lakefront-ingest"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--grpc-listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(data)
            .args(flags)
            .envs(lake.environment())
            .env("LAKEFRONT_LOG", "warn")
            // Tests count rows.
            .env("LAKEFRONT_INGEST_USAGE_INTERVAL", "0s")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut url = |prefix: &str| {
            let line = lines.next().map(|line| line.expect("text"));
            let url = line.as_deref().and_then(|line| line.strip_prefix(prefix));
            url.map(str::to_owned)
                .unwrap_or_else(|| panic!("the server did not start: {line:?}"))
        };
        Self {
            url: url("listening on "),
            grpc_url: url("gRPC on "),
            child,
        }
    }

    /// Kills the process with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// Sends SIGTERM and waits for the end of the process.
    pub fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .expect("kill")
                .success()
        );
        self.child.wait().expect("wait")
    }

    /// Returns the peak resident memory, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("/proc");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .expect("VmHWM");
        let kilobytes: u64 = line
            .split_whitespace()
            .nth(1)
            .and_then(|word| word.parse().ok())
            .expect("a number");
        kilobytes * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process has usually ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends log records with these ids.
pub async fn post_logs(url: &str, ids: &[String]) -> Response {
    post(url, "/v1/logs", logs(ids, now_nanos()).encode_to_vec()).await
}

/// Sends a request as protobuf to a path of a server.
pub async fn post(url: &str, path: &str, body: Vec<u8>) -> Response {
    let request = Client::new()
        .post(format!("{url}{path}"))
        .header("content-type", "application/x-protobuf")
        .body(body);
    request.send().await.expect("an answer")
}

/// Returns the document of `/health`.
pub async fn health(url: &str) -> serde_json::Value {
    let answer = reqwest::get(format!("{url}/health")).await;
    answer.expect("an answer").json().await.expect("JSON")
}

/// Requests `/health` until `wanted` returns true for its document, and returns that document.
pub async fn health_until(url: &str, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let asking = async {
        loop {
            let health = health(url).await;
            if wanted(&health) {
                return health;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    match timeout(Duration::from_secs(60), asking).await {
        Ok(health) => health,
        Err(_) => panic!("not within a minute: {}", health(url).await),
    }
}

/// Returns the current time in nanoseconds since 1970.
pub fn now_nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_nanos() as u64
}

pub fn string(text: impl Into<String>) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Value::StringValue(text.into())),
    })
}

fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: vec![KeyValue {
            key: "service.name".into(),
            value: string("shop"),
            ..Default::default()
        }],
        ..Default::default()
    })
}

/// Returns a request with one log record for each body.
pub fn logs(bodies: &[String], time_unix_nano: u64) -> ExportLogsServiceRequest {
    let record = |body: &String| LogRecord {
        time_unix_nano,
        severity_number: 9,
        body: string(body),
        ..Default::default()
    };
    records(bodies.iter().map(record).collect())
}

/// Returns a request with these log records.
pub fn records(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(),
            scope_logs: vec![ScopeLogs {
                log_records,
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

/// Returns a request with one span for each name.
pub fn spans(names: &[String], start: u64) -> ExportTraceServiceRequest {
    let span = |name: &String| Span {
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        name: name.clone(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1_000_000,
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(),
            scope_spans: vec![ScopeSpans {
                spans: names.iter().map(span).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

/// Returns a request with a gauge and a sum for each name, which are stored in two tables.
pub fn metrics(names: &[String], time_unix_nano: u64) -> ExportMetricsServiceRequest {
    let points = || {
        vec![NumberDataPoint {
            time_unix_nano,
            ..Default::default()
        }]
    };
    let metric = |name: &String, data| Metric {
        name: name.clone(),
        data: Some(data),
        ..Default::default()
    };
    let both = |name: &String| {
        let sum = Sum {
            data_points: points(),
            aggregation_temporality: 2,
            is_monotonic: true,
        };
        [
            metric(
                name,
                Data::Gauge(Gauge {
                    data_points: points(),
                }),
            ),
            metric(name, Data::Sum(sum)),
        ]
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(),
            scope_metrics: vec![ScopeMetrics {
                metrics: names.iter().flat_map(both).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

/// The fields of a table's row that tests check.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub struct Row {
    pub text: String,
    pub row_id: i64,
    /// The path of the row's data file.
    pub file: String,
}

/// Returns all rows of a table's current snapshot, with the text of one string column.
pub async fn rows(data: &Path, table: &str, column: &str) -> Vec<Row> {
    rows_on(&LakeAt::folder(data.join("lake")), table, column).await
}

/// Returns the rows like [`rows`], of a lake in another place.
pub async fn rows_on(lake: &LakeAt, table: &str, column: &str) -> Vec<Row> {
    let place = lake.place().expect("a place");
    let lake = Lake::open(LakeConfig::at(place)).await.expect("the lake opens");
    let mut rows = Vec::new();
    for (path, file) in data_files(&lake, table).await.expect("its data files") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("parquet")
            .build()
            .expect("a reader");
        for batch in reader {
            let batch = batch.expect("a batch");
            let texts: &StringArray = batch.column_by_name(column).expect("the column").as_string();
            let ids: &Int64Array = batch
                .column_by_name("RowId")
                .expect("RowId")
                .as_primitive::<Int64Type>();
            rows.extend((0..batch.num_rows()).map(|row| Row {
                text: texts.value(row).to_owned(),
                row_id: ids.value(row),
                file: path.clone(),
            }));
        }
    }
    rows
}
