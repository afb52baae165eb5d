//! Measures the Worker on workerd: processor time and memory for telemetry, processor time and requests for pages.
//!
//! An isolate on Cloudflare has 128 MB, 30 s of processor time, six requests at once, and 1,000 requests in all (50 on the free plan).
//!
//! ```text
//! cargo xtask bench worker
//! ```
//! The lake has 7 days of the demo's traffic. Processor time and memory are those of workerd, which has no limits of its own.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::Page;
use lakefront_tests::{Relay, Stack, Treatment, Worker, taking_streams};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message as _;
use reqwest::Method;
use serde_json::{Value, json};

/// Bytes of bodies. The Worker takes at most 4 MiB.
const SIZES: [usize; 3] = [100_000, 1_000_000, 4_000_000];
/// Requests that are measured, after one that is not.
const TIMES: u32 = 5;
/// The time that an engine takes longer, so that requests at once are seen.
const LATE: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Result<()> {
    telemetry().await?;
    pages().await
}

async fn telemetry() -> Result<()> {
    let streams = taking_streams().await?;
    println!("telemetry: a log record has 500 bytes of text and ten attributes");
    for size in SIZES {
        for is_json in [false, true] {
            let variables = [
                ("CHDB_URL", "http://127.0.0.1:9"),
                ("LANDING", "pipelines"),
                ("LANDING_STREAMS", &streams),
                ("USAGE_SECONDS", "0"),
            ];
            let worker = Worker::start(&variables).await?;
            let (records, body) = body(size, is_json);
            let kind = if is_json {
                "application/json"
            } else {
                "application/x-protobuf"
            };
            let send = async || -> Result<()> {
                let request = worker
                    .request(Method::POST, "/v1/logs")
                    .header("content-type", kind);
                let status = request.body(body.clone()).send().await?.status();
                ensure!(status == 200, "{status}");
                Ok(())
            };
            let idle = memory(&worker, "VmRSS")?;
            send().await?;
            let before = processor(&worker)?;
            for _ in 0..TIMES {
                send().await?;
            }
            let took = (processor(&worker)? - before) / f64::from(TIMES);
            println!(
                "{kind:<24} {:>9} bytes {records:>6} records {took:>7.0} ms of a processor, {:>4} MB above {idle} MB at rest",
                body.len(),
                memory(&worker, "VmHWM")?.saturating_sub(idle)
            );
        }
    }
    Ok(())
}

async fn pages() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "7"]).await?;
    let (at_once, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let relay = {
        let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most));
        Relay::start_waiting(stack.engine_url(), move |_| {
            let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most));
            async move {
                let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(LATE).await;
                at_once.fetch_sub(1, Ordering::SeqCst);
                Treatment::Forward
            }
        })
        .await?
    };
    let worker = Worker::start(&[("CHDB_URL", &relay.url())]).await?;
    let idle = memory(&worker, "VmRSS")?;
    println!("pages of 7 days, each opened once by a cold and once by a warm Worker");
    for page in Page::ALL {
        let path = format!("/{}?range=7d", page.slug());
        let mut said = String::new();
        for _ in 0..2 {
            relay.take_requests();
            most.store(0, Ordering::SeqCst);
            let before = processor(&worker)?;
            let answer = worker.request(Method::GET, &path).send().await?;
            let (status, bytes) = (answer.status(), answer.bytes().await?.len());
            ensure!(status == 200, "{path}: {status}");
            said += &format!(
                "  {:>4.0} ms, {:>2} requests, {} at once, {bytes} bytes",
                processor(&worker)? - before,
                relay.take_requests().len(),
                most.load(Ordering::SeqCst),
            );
        }
        println!("{path:<24}{said}");
    }
    println!(
        "{} MB above {idle} MB at rest at most",
        memory(&worker, "VmHWM")?.saturating_sub(idle)
    );
    Ok(())
}

/// Returns a body of about that size with its number of records.
fn body(size: usize, is_json: bool) -> (usize, Vec<u8>) {
    let attributes: Vec<(String, String)> = (0..10)
        .map(|number| {
            (
                format!("shop.attribute.{number}"),
                format!("a value of attribute {number}"),
            )
        })
        .collect();
    let text = "x".repeat(500);
    let record = |number: u64| {
        let time = 1_790_000_000_000_000_000 + number;
        if is_json {
            let attributes = attributes
                .iter()
                .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}));
            let attributes: Vec<_> = attributes.collect();
            return json!({
                "timeUnixNano": time.to_string(), "severityNumber": 9, "body": {"stringValue": text}, "attributes": attributes,
            })
            .to_string()
            .into_bytes();
        }
        let string = |text: &str| AnyValue {
            value: Some(Any::StringValue(text.to_owned())),
        };
        let attributes = attributes.iter().map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(string(value)),
            ..KeyValue::default()
        });
        let record = LogRecord {
            time_unix_nano: time,
            severity_number: 9,
            body: Some(string(&text)),
            attributes: attributes.collect(),
            ..LogRecord::default()
        };
        record.encode_to_vec()
    };
    let records = size / record(0).len();
    let all = (0..records as u64).map(record);
    if is_json {
        let all: Vec<Value> = all
            .filter_map(|record| serde_json::from_slice(&record).ok())
            .collect();
        let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": all}]}]});
        return (records, body.to_string().into_bytes());
    }
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: all
                    .filter_map(|record| LogRecord::decode(record.as_slice()).ok())
                    .collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    (records, request.encode_to_vec())
}

/// Returns the processor time of workerd so far, in milliseconds. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn processor(worker: &Worker) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", worker.id()))?;
    let (_, fields) = stat.rsplit_once(')').context("no stat")?;
    // The fields after the name begin with the third. Both times are in hundredths of a second.
    let time = |field: usize| fields.split_whitespace().nth(field - 3)?.parse::<u32>().ok();
    let (user, system) = (time(14).context("no utime")?, time(15).context("no stime")?);
    Ok(f64::from(user + system) * 10.0)
}

/// Returns a line of workerd's status in MB: `VmRSS` is the memory that it has, `VmHWM` the most that it had.
fn memory(worker: &Worker, line: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", worker.id()))?;
    let kibibytes = status.lines().find_map(|text| {
        let (name, value) = text.split_once(':')?;
        (name == line).then(|| value.trim().trim_end_matches(" kB").parse::<u64>().ok())?
    });
    Ok(kibibytes.context("no memory")? * 1024 / 1_000_000)
}
