//! Helpers of the tests: a lake in a temporary folder, and a container over it.

#![expect(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::arrow::{LogsBuilder, TracesBuilder};
use lakefront_otel::map::RequestContext;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// The time 2026-11-01T00:00:00Z, in seconds since 1970.
pub const NOVEMBER: u64 = 1_793_491_200;
/// The length of a day, in seconds.
pub const DAY: u64 = 86_400;

/// A running container, stopped when dropped.
pub struct Container {
    child: Child,
    url: String,
    client: Client,
}

impl Container {
    /// Starts a container over a lake, with more arguments, and waits until it listens.
    pub fn start(lake: &Path, args: &[&str]) -> Self {
        let lake = lake.to_str().expect("text");
        Self::run(&[&["--lake", lake], args].concat())
    }

    /// Starts a container that keeps its own tables in a folder, with users without passwords.
    pub fn keeping(folder: &Path) -> Self {
        Self::run(&["--data-dir", folder.to_str().expect("text")])
    }

    /// Starts a container that keeps its own tables in a folder, with one password for all users.
    pub fn keeping_with_password(folder: &Path, password: &str) -> Self {
        let variables = ["LAKEFRONT_ROUTER_PASSWORD", "LAKEFRONT_SYNC_PASSWORD"];
        Self::run_with(
            &["--data-dir", folder.to_str().expect("text")],
            &variables.map(|variable| (variable, password)),
        )
    }

    /// Starts a container with arguments and waits until it listens.
    pub fn run(args: &[&str]) -> Self {
        Self::run_with(args, &[])
    }

    fn run_with(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lakefront-chdb-container"))
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .env_remove("LAKEFRONT_ENGINE_SECRET")
            .envs(variables.iter().copied())
            .env("LAKEFRONT_CHDB_LOOK_EVERY", "0.1")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = child.stderr.take().expect("piped");
        let (send, address) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("container: {line}");
                if let Some((_, rest)) = line.split_once("ready address=") {
                    let _ = send.send(rest.split(' ').next().unwrap_or_default().to_owned());
                }
            }
        });
        let address = address
            .recv_timeout(Duration::from_secs(60))
            .expect("it says its address");
        Self {
            child,
            url: format!("http://{address}"),
            client: Client::new(),
        }
    }

    /// Returns the port on which the container listens.
    pub fn port(&self) -> &str {
        self.url.rsplit(':').next().expect("a port")
    }

    /// Returns the id of the container's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns a GET request for a path.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    /// Returns a DELETE request for a path.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(format!("{}{path}", self.url))
    }

    /// Returns a request of the ClickHouse interface that runs a statement. The pairs are added to the address.
    pub fn statement(&self, sql: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        self.client
            .post(format!("{}/", self.url))
            .query(pairs)
            .body(sql.to_owned())
    }

    /// Runs a statement and returns its result as TabSeparated.
    pub async fn text(&self, sql: &str) -> String {
        let response = self.statement(sql, &[]).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        assert_eq!(status, StatusCode::OK, "{sql}: {text}");
        text.trim_end().to_owned()
    }

    /// Runs a statement that must be refused. Returns status, exception code and text.
    pub async fn refusal(&self, sql: &str, pairs: &[(&str, &str)]) -> (u16, u32, String) {
        let response = self.statement(sql, pairs).send().await.expect("an answer");
        let status = response.status().as_u16();
        let code = header(&response, "x-clickhouse-exception-code");
        let text = response.text().await.expect("text");
        let code = code.unwrap_or_else(|| panic!("{sql} was not refused: {text}"));
        (status, code.parse().expect("a code"), text)
    }

    /// Returns a request of `POST /query`.
    pub fn query(&self, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}/query", self.url)).json(body)
    }

    /// Runs a statement by `POST /query` and returns the reply.
    pub async fn rows(&self, sql: &str) -> Value {
        let response = self
            .query(&json!({ "sql": sql }))
            .send()
            .await
            .expect("an answer");
        response.json().await.expect("JSON")
    }

    /// Returns the reply to `GET /health`.
    pub async fn health(&self) -> Value {
        self.get("/health")
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON")
    }

    /// Returns a value of `GET /metrics`; 0 if it is missing.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self
            .get("/metrics")
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text");
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a number"))
    }

    /// Sends a signal to the container and waits until its process ends.
    pub fn signal(&mut self, signal: &str) -> std::process::ExitStatus {
        self.send_signal(signal);
        self.ended()
    }

    /// Sends a signal to the container.
    pub fn send_signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the process ends.
    pub fn ended(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a header of a response.
pub fn header(response: &Response, name: &str) -> Option<String> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("text").to_owned())
}

/// Polls a condition until it is true. Fails after 20 seconds.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{what} did not happen within 20 s"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Opens a lake in a folder.
pub async fn lake(folder: &Path) -> Lake {
    Lake::open(LakeConfig::new(folder)).await.expect("a lake")
}

/// Commits `count` log records, one per second from `from_second`. Their bodies are `record <n>`, with n from `first`.
pub async fn commit_logs(lake: &Lake, from_second: u64, first: u64, count: u64) {
    let log_records = (0..count)
        .map(|n| LogRecord {
            time_unix_nano: (from_second + n) * 1_000_000_000,
            body: Some(AnyValue {
                value: Some(any_value::Value::StringValue(format!("record {}", first + n))),
            }),
            ..LogRecord::default()
        })
        .collect();
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    let mut builder = LogsBuilder::new();
    builder
        .append(&request, &CONTEXT, i64::try_from(first).expect("small"))
        .expect("rows");
    let files = lake.write("otel_logs", builder.finish()).await.expect("files");
    lake.append("otel_logs", &files, None).await.expect("a commit");
}

/// Commits a trace of `count` spans, one per second from `from_second`.
pub async fn commit_trace(lake: &Lake, trace_id: u128, from_second: u64, count: u64) {
    let spans = (0..count)
        .map(|n| Span {
            trace_id: trace_id.to_be_bytes().to_vec(),
            span_id: (n + 1).to_be_bytes().to_vec(),
            name: format!("span {n}"),
            start_time_unix_nano: (from_second + n) * 1_000_000_000,
            end_time_unix_nano: (from_second + n) * 1_000_000_000 + 5_000_000,
            ..Span::default()
        })
        .collect();
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    let mut builder = TracesBuilder::new();
    builder.append(&request, &CONTEXT, 0).expect("rows");
    let files = lake.write("otel_traces", builder.finish()).await.expect("files");
    lake.append("otel_traces", &files, None).await.expect("a commit");
}

const CONTEXT: RequestContext<'_> = RequestContext {
    sender: None,
    user_agent: "",
    country: "",
    arrival: 0,
};
