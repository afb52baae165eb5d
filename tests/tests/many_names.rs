//! Senders choose names. With 50,000 of each kind, every named query still gives a whole answer of bounded size on both
//! tiers, and every page is a page.
//!
//! It takes minutes and runs with `cargo xtask test --all`.

use anyhow::{Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{Page, QueryInfo, QueryRequest};
use lakefront_query::catalogue;
use lakefront_tests::{Hot, Stack, Worker};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use reqwest::Method;
use serde_json::json;

const NAMES: u64 = 50_000;
/// Names of one request.
const OF_A_REQUEST: u64 = 5_000;
const HOUR: u64 = 3_600_000_000_000;
/// Hours over which the records are spread.
const HOURS: u64 = 7 * 24;
/// The most bytes of an answer as JSON. Rows of 50,000 names would have more.
const MOST_BYTES: usize = 2_000_000;
/// The most bytes of a page's HTML. A Worker has 128 MB.
const MOST_HTML: usize = 1_000_000;
/// The text of a panel without an answer.
const FAILED_PANEL: &str = "class=\"note failure\"";

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_names_cost_no_query_its_answer() -> Result<()> {
    let stack = Stack::start().await?;
    let now = Timestamp::now();
    let until = u64::try_from(now.as_nanosecond())?;
    for first in (0..NAMES).step_by(OF_A_REQUEST as usize) {
        let numbers = first..first + OF_A_REQUEST;
        let of = |numbers: &std::ops::Range<u64>| numbers.clone().map(|number| Names::of(number, until));
        let logs = ExportLogsServiceRequest {
            resource_logs: of(&numbers).map(|names| names.logs()).collect(),
        };
        stack.export("/v1/logs", logs.encode_to_vec()).await?;
        let spans = ExportTraceServiceRequest {
            resource_spans: of(&numbers).map(|names| names.spans()).collect(),
        };
        stack.export("/v1/traces", spans.encode_to_vec()).await?;
        let metrics = ExportMetricsServiceRequest {
            resource_metrics: of(&numbers).map(|names| names.metrics()).collect(),
        };
        stack.export("/v1/metrics", metrics.encode_to_vec()).await?;
    }
    stack.committed("otel_logs", 3 * NAMES).await?;
    stack.committed("otel_traces", NAMES).await?;
    stack.committed("otel_metrics_gauge", NAMES).await?;
    let hot = Hot::start(stack.lake()).await?;
    let first_day: Date = "2026-01-01".parse()?;
    hot.cover(first_day).await?;

    let mut failures = Vec::new();
    for query in catalogue() {
        for range in ["24h", "7d", "30d"] {
            let request: QueryRequest = serde_json::from_value(json!({
                "query": query.info.name, "timeRange": range, "tz": "UTC", "params": required(&query.info),
            }))?;
            let lake = stack.query(&request, now).await;
            let hot = match Hot::plan(&request, first_day, now) {
                Ok(plan) => hot.answer(plan).await,
                Err(error) => Err(error),
            };
            for (tier, answer) in [("lake", lake), ("ClickHouse", hot)] {
                let name = &query.info.name;
                let answer = match answer {
                    Ok(answer) => answer,
                    Err(error) => {
                        failures.push(format!("{name}, {range}, {tier}: {error:#}"));
                        continue;
                    }
                };
                let bytes = serde_json::to_vec(&answer.rows)?.len();
                if answer.truncated || bytes > MOST_BYTES {
                    failures.push(format!(
                        "{name}, {range}, {tier}: {} rows, {bytes} bytes, cut: {}",
                        answer.rows.len(),
                        answer.truncated
                    ));
                }
            }
        }
    }
    drop(hot);
    let worker = Worker::start(&[
        ("CHDB_URL", stack.engine_url()),
        ("INGEST_URL", stack.ingest_url()),
    ])
    .await?;
    for page in Page::ALL {
        let slug = page.slug();
        for range in ["24h", "7d", "30d"] {
            let reply = worker
                .request(Method::GET, &format!("/{slug}?range={range}"))
                .send()
                .await?;
            let status = reply.status();
            let html = reply.text().await?;
            println!("/{slug}, {range}: {} bytes", html.len());
            let failed = html.matches(FAILED_PANEL).count();
            if !status.is_success() || html.len() > MOST_HTML || failed > 0 {
                failures.push(format!(
                    "/{slug}, {range}: {status}, {} bytes, {failed} panels failed",
                    html.len()
                ));
            }
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Returns the required parameters of a query, with the values of one of the names.
fn required(info: &QueryInfo) -> serde_json::Value {
    let mut params = json!({});
    for param in info.params.iter().filter(|param| param.required()) {
        params[&param.name] = match param.name.as_str() {
            "trace_id" => json!(format!("{:032x}", 8)),
            _ => json!("name-7"),
        };
    }
    params
}

/// The records of one name.
struct Names {
    number: u64,
    /// A word that no rule takes for an id.
    word: String,
    time: u64,
}

impl Names {
    fn of(number: u64, until: u64) -> Self {
        let letters =
            (0..4).map(|digit| char::from(b'a' + u8::try_from(number / 26_u64.pow(digit) % 26).unwrap_or(0)));
        Self {
            number,
            word: letters.collect(),
            time: until - HOUR * (number % HOURS) - 1,
        }
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource {
            attributes: vec![text("service.name", format!("service-{}", self.word))],
            ..Resource::default()
        })
    }

    fn logs(&self) -> ResourceLogs {
        let record = |event: &str, attributes: Vec<KeyValue>| LogRecord {
            time_unix_nano: self.time,
            event_name: event.into(),
            attributes,
            ..LogRecord::default()
        };
        let path = || text("url.path", format!("/{}", self.word));
        let session = || text("session.id", format!("session-{}", self.number));
        let records = vec![
            record(
                "exception",
                vec![
                    text("exception.type", format!("Error{}", self.word)),
                    text("exception.message", self.word.clone()),
                    text("user.id", format!("user-{}", self.number)),
                ],
            ),
            record(
                "browser.page_view",
                vec![
                    path(),
                    session(),
                    text(
                        "url.full",
                        format!("https://shop.example/{0}?utm_source={0}", self.word),
                    ),
                    text("geo.country.iso_code", self.word[..2].to_uppercase()),
                ],
            ),
            record(
                "browser.web_vital",
                vec![
                    path(),
                    session(),
                    text("browser.web_vital.name", "lcp".into()),
                    attribute(
                        "browser.web_vital.value",
                        Value::DoubleValue(self.number as f64 + 1.0),
                    ),
                ],
            ),
        ];
        ResourceLogs {
            resource: self.resource(),
            scope_logs: vec![ScopeLogs {
                log_records: records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }
    }

    fn spans(&self) -> ResourceSpans {
        let span = Span {
            trace_id: u128::from(self.number + 1).to_be_bytes().into(),
            span_id: (self.number + 1).to_be_bytes().into(),
            name: format!("GET /{}", self.word),
            kind: 2,
            start_time_unix_nano: self.time - 1_000_000 * (1 + self.number),
            end_time_unix_nano: self.time,
            attributes: vec![
                text("http.request.method", "GET".into()),
                text("http.route", format!("/{}", self.word)),
            ],
            ..Span::default()
        };
        ResourceSpans {
            resource: self.resource(),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }
    }

    fn metrics(&self) -> ResourceMetrics {
        let point = NumberDataPoint {
            time_unix_nano: self.time,
            ..NumberDataPoint::default()
        };
        let metric = Metric {
            name: format!("metric.{}", self.word),
            data: Some(Data::Gauge(Gauge {
                data_points: vec![point],
            })),
            ..Metric::default()
        };
        ResourceMetrics {
            resource: self.resource(),
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![metric],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(key: &str, value: String) -> KeyValue {
    attribute(key, Value::StringValue(value))
}
