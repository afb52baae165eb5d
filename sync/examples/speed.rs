//! How fast a ClickHouse is filled from the lake, with all views firing: the server reads the files itself, or they are sent.
//!
//! ```text
//! cargo xtask bench sync -- --rows 4000000
//! ```
//! Linux only: the server's CPU time is read from `/proc`. Starts an embedded ClickHouse (`lakefront-chdb-container`, beside this program) for each way, over a lake of its own. Half of the
//! records are server logs; the rest are page views, web vitals, errors and requests, so that every view has something to do.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use lakefront_lake::{Lake, LakeConfig, LakeLocation};
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use lakefront_sync::clickhouse::Target;
use lakefront_sync::config::Read;
use lakefront_sync::follower::{Follower, Options};
use lakefront_sync::lease::LeaseTerms;
use lakefront_sync::progress::{Progress, grouped};
use lakefront_sync::source::Source;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// Fills a ClickHouse in both ways and prints rows a second.
#[derive(Parser)]
struct Arguments {
    /// Log records in the lake
    #[arg(long, default_value_t = 4_000_000)]
    rows: u64,
    /// Days they are spread over
    #[arg(long, default_value_t = 4)]
    days: u64,
    /// Records of a data file
    #[arg(long, default_value_t = 500_000)]
    file_rows: u64,
}

const REQUEST: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let lake = folder.path().join("lake");
    let started = Instant::now();
    write_lake(&lake, &arguments).await?;
    println!(
        "{} rows written to the lake in {:.1} s",
        grouped(arguments.rows),
        started.elapsed().as_secs_f64()
    );
    for (name, read) in [("the server reads", Read::Server), ("sync sends", Read::Stream)] {
        let data = folder.path().join(name);
        let server = Server::start(&data, &lake).await?;
        let target = Target::new(&server.url.parse()?, "sync", "");
        let terms = LeaseTerms {
            expires_after: Duration::from_secs(15),
        };
        let mut follower = Follower::new(
            target,
            Arc::new(Source::new(LakeLocation::Folder(lake.clone()))),
            read,
            2,
            terms,
        );
        let options = Options {
            patience: Duration::ZERO,
            days: None,
        };
        let mut round = async |what: &str| -> Result<()> {
            let (started, cpu) = (Instant::now(), server.cpu_seconds()?);
            let summary = follower.round(&options, &mut Progress::new(false)).await?;
            let seconds = started.elapsed().as_secs_f64();
            let cpu = server.cpu_seconds()? - cpu;
            let rate = |seconds: f64| grouped((summary.rows as f64 / seconds) as u64);
            println!(
                "{name}, {what}: {} rows in {seconds:.1} s, {} rows/s; the server's {cpu:.1} CPU seconds, {} rows each",
                grouped(summary.rows),
                rate(seconds),
                rate(cpu)
            );
            Ok(())
        };
        round("whole days in staging").await?;
        append(&lake, &arguments, arguments.rows, arguments.days - 1, 4).await?;
        round("files of a day that is there").await?;
        let started = Instant::now();
        follower.round(&options, &mut Progress::new(false)).await?;
        println!(
            "{name}, nothing new: {:.0} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
    }
    Ok(())
}

async fn write_lake(folder: &Path, arguments: &Arguments) -> Result<()> {
    let a_day = arguments.rows / arguments.days;
    for day in 0..arguments.days {
        append(
            folder,
            arguments,
            day * a_day,
            day,
            a_day.div_ceil(arguments.file_rows),
        )
        .await?;
    }
    Ok(())
}

/// Appends files of a day, each in a commit of its own.
async fn append(folder: &Path, arguments: &Arguments, first: u64, day: u64, files: u64) -> Result<()> {
    let lake = Lake::open(LakeConfig::new(folder)).await?;
    let today = jiff::Timestamp::now().as_second() / 86_400;
    let midnight = u64::try_from(today)? - (arguments.days - 1 - day);
    for file in 0..files {
        let mut builder = LogsBuilder::new();
        let context = RequestContext {
            sender: None,
            user_agent: "",
            country: "",
            arrival: 0,
        };
        for request in 0..arguments.file_rows / REQUEST {
            let number = first + file * arguments.file_rows + request * REQUEST;
            let request = records(number, midnight * 86_400_000_000_000);
            builder.append(&request, &context, i64::try_from(number)?)?;
        }
        let written = lake.write("otel_logs", builder.finish()).await?;
        lake.append("otel_logs", &written, None).await?;
    }
    Ok(())
}

fn records(first: u64, midnight: u64) -> ExportLogsServiceRequest {
    let records = (first..first + REQUEST).map(|n| record(n, midnight)).collect();
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![text("service.name", &format!("shop-{}", first / REQUEST % 8))],
                ..Resource::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope::default()),
                log_records: records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn record(n: u64, midnight: u64) -> LogRecord {
    // Scrambled, so that neighbours differ.
    let chance = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let session = format!("{:016x}", chance % 40_000);
    let mut record = LogRecord {
        time_unix_nano: midnight + chance % 86_000_000 * 1_000_000,
        severity_number: 9,
        severity_text: "INFO".into(),
        body: Some(string(&format!(
            "order {n} accepted for basket {}",
            chance % 1_000
        ))),
        attributes: vec![
            text("session.id", &session),
            text("user.id", &format!("user-{}", chance % 9_000)),
        ],
        ..LogRecord::default()
    };
    let page = format!("/products/{}", chance % 500);
    let (event, attributes) = match n % 10 {
        0 | 1 => ("browser.page_view", vec![text("url.path", &page)]),
        2 => (
            "browser.web_vital",
            vec![
                text("url.path", &page),
                text("browser.web_vital.name", "lcp"),
                number("browser.web_vital.value", (chance % 4_000) as f64),
            ],
        ),
        3 => (
            "exception",
            vec![
                text("exception.type", "TypeError"),
                text(
                    "exception.message",
                    &format!("basket {} is undefined", chance % 1_000),
                ),
            ],
        ),
        4 => (
            "http.server.request",
            vec![
                text("http.request.method", "GET"),
                text("http.route", &format!("/api/{}", chance % 30)),
                number("duration", (chance % 900) as f64),
            ],
        ),
        _ => ("", Vec::new()),
    };
    record.event_name = event.into();
    record.attributes.extend(attributes);
    record
}

fn string(value: &str) -> AnyValue {
    AnyValue {
        value: Some(Value::StringValue(value.into())),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(string(value)),
        ..KeyValue::default()
    }
}

fn number(key: &str, value: f64) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(Value::DoubleValue(value)),
        }),
        ..KeyValue::default()
    }
}

/// An embedded ClickHouse that ends with this.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    async fn start(data: &Path, lake: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        // target/release/examples/speed → target/release
        let program = std::env::current_exe()?;
        let folder: PathBuf = program.ancestors().nth(2).context("no folder")?.into();
        let child = Command::new(folder.join("lakefront-chdb-container"))
            .args(["--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(data)
            .arg("--lake")
            .arg(lake)
            .stdout(Stdio::null())
            .spawn()
            .context("lakefront-chdb-container must be built beside this program")?;
        let server = Self {
            child,
            url: format!("http://{address}/"),
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < deadline, "the ClickHouse does not come up");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    /// CPU time it has used so far: a busy machine does not spoil that.
    fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // After the name in brackets the fields begin with the third; the 14th and 15th are ticks of a hundredth of a second.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: f64 = fields
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<f64>().ok())
            .sum();
        Ok(ticks / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either may fail only because the process is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
