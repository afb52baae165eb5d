//! Load for `lakefront-ingest`: prebuilt OTLP bodies over keep-alive connections, and what the server made of them.
//!
//! Starts the server binary on a data folder of its own, sends as fast as it answers, stops it with SIGTERM so that all is
//! committed, and prints figures from outside of it: `/proc` and the lake.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail, ensure};
use clap::{Parser, ValueEnum};
use lakefront_lake::{Lake, LakeConfig};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends log records to a server it starts, and prints how fast they became durable and part of the lake.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  load --server target/release/lakefront-ingest --seconds 60 --compression gzip"
)]
struct Options {
    /// The server binary
    #[arg(long)]
    server: PathBuf,
    /// How long to send
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Log records of a request
    #[arg(long, default_value_t = 1000)]
    batch: usize,
    /// Compression of the bodies
    #[arg(long, value_enum, default_value_t = Compression::None)]
    compression: Compression,
    /// Folder for the server's data, removed at the end; a temporary one by default
    #[arg(long)]
    data: Option<PathBuf>,
    /// More flags for the server
    #[arg(last = true)]
    flags: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let data = match &options.data {
        Some(data) => data.clone(),
        None => std::env::temp_dir().join(format!("lakefront-load-{}", std::process::id())),
    };
    fs::create_dir_all(&data)?;
    let result = measure(&options, &data).await;
    fs::remove_dir_all(&data)?;
    result
}

async fn measure(options: &Options, data: &Path) -> anyhow::Result<()> {
    let (mut server, address) = start(options, data)?;
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(
        (0..16)
            .map(|seed| request(options, &address, seed))
            .collect::<anyhow::Result<_>>()?,
    );
    let acknowledged = Arc::new(AtomicU64::new(0));
    let refused = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let senders: Vec<_> = (0..options.connections)
        .map(|connection| {
            let sender = Sender {
                address: address.clone(),
                requests: requests.clone(),
                batch: options.batch as u64,
                acknowledged: acknowledged.clone(),
                refused: refused.clone(),
                stop: stop.clone(),
            };
            tokio::spawn(sender.run(connection))
        })
        .collect();
    for second in 1..=options.seconds {
        tokio::time::sleep_until((started + Duration::from_secs(second)).into()).await;
        if second % 10 == 0 {
            eprintln!(
                "{second} s: {} records acknowledged",
                acknowledged.load(Ordering::Relaxed)
            );
        }
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await??;
    }
    let sending = started.elapsed().as_secs_f64();
    let sent_usage = Usage::of(server.id())?;
    let pid = server.id().to_string();
    ensure!(
        Command::new("kill").args(["-TERM", &pid]).status()?.success(),
        "kill failed"
    );
    // The usage of a process that ended can't be read: watch it until then.
    let mut usage = sent_usage;
    let status = loop {
        if let Ok(now) = Usage::of(server.id()) {
            usage = now;
        }
        if let Some(status) = server.try_wait()? {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let whole = started.elapsed().as_secs_f64();
    ensure!(status.success(), "the server ended with {status}");
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    let lake = Lake::open(LakeConfig::new(data.join("lake"))).await?;
    let files = lake.files("otel_logs").await?;
    let committed: u64 = files.iter().map(|file| file.file.record_count()).sum();
    let bytes: u64 = files.iter().map(|file| file.file.file_size_in_bytes()).sum();
    ensure!(
        committed >= acknowledged,
        "{acknowledged} records acknowledged, only {committed} committed"
    );
    println!(
        "acknowledged: {:.0} records/s over {sending:.1} s",
        acknowledged as f64 / sending
    );
    println!(
        "committed: {:.0} records/s over {whole:.1} s, the last commit included",
        committed as f64 / whole
    );
    println!(
        "records per CPU second of the server: {:.0}",
        committed as f64 / usage.cpu_seconds
    );
    println!("CPU seconds of the server: {:.1}", usage.cpu_seconds);
    println!(
        "bytes per record on disk: {:.1} in {} data files",
        bytes as f64 / committed as f64,
        files.len()
    );
    println!(
        "peak memory: {:.0} MiB",
        usage.peak_bytes as f64 / f64::from(1 << 20)
    );
    println!("requests refused: {}", refused.load(Ordering::Relaxed));
    println!("bytes of a request: {}", requests[0].len());
    Ok(())
}

fn start(options: &Options, data: &Path) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(&options.server)
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(&options.flags)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {} (--server)", options.server.display()))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no pipe")?).read_line(&mut line)?;
    let Some(address) = line.trim().strip_prefix("listening on http://") else {
        bail!("the server did not start: {line:?}");
    };
    Ok((child, address.to_owned()))
}

struct Sender {
    address: String,
    requests: Arc<Vec<Vec<u8>>>,
    batch: u64,
    acknowledged: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Sender {
    async fn run(self, first: usize) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let mut answer = Vec::new();
        for index in first.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            stream
                .write_all(&self.requests[index % self.requests.len()])
                .await?;
            match read_status(&mut stream, &mut answer).await? {
                200 => self.acknowledged.fetch_add(self.batch, Ordering::Relaxed),
                429 | 503 => self.refused.fetch_add(1, Ordering::Relaxed),
                status => bail!("the server answered {status}"),
            };
        }
        Ok(())
    }
}

/// Reads one answer; returns its status.
async fn read_status(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<u16> {
    answer.clear();
    loop {
        ensure!(
            stream.read_buf(answer).await? > 0,
            "the server closed the connection"
        );
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let length: usize = length.context("no content-length")?.trim().parse()?;
        if answer.len() >= head + 4 + length {
            return Ok(text.split(' ').nth(1).context("no status")?.parse()?);
        }
    }
}

/// A whole HTTP request.
fn request(options: &Options, address: &str, seed: u64) -> anyhow::Result<Vec<u8>> {
    let plain = logs(options.batch, seed).encode_to_vec();
    let (encoding, body) = match options.compression {
        Compression::None => ("identity", plain),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&plain)?;
            ("gzip", encoder.finish()?)
        }
        Compression::Zstd => ("zstd", zstd::encode_all(&plain[..], 3)?),
    };
    let mut request = format!(
        "POST /v1/logs HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\n\
         content-encoding: {encoding}\r\nuser-agent: load\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    Ok(request)
}

/// Log records as a web server writes them: 206 bytes each.
fn logs(count: usize, seed: u64) -> ExportLogsServiceRequest {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos() as u64;
    let mut dice = Dice(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let record = |index: u64| {
        let route = ["/", "/products/:id", "/cart", "/checkout", "/search"][dice.below(5) as usize];
        let status = [200, 200, 200, 204, 404, 500][dice.below(6) as usize];
        LogRecord {
            time_unix_nano: now + index * 1_000,
            observed_time_unix_nano: now + index * 1_000,
            severity_number: if status == 500 { 17 } else { 9 },
            severity_text: if status == 500 { "ERROR" } else { "INFO" }.into(),
            body: text(format!("GET {route} answered {status} in {} ms", dice.below(900))),
            attributes: vec![
                attribute("http.route", text(route)),
                attribute("http.response.status_code", int(status)),
                attribute("user.id", text(format!("user-{}", dice.below(5_000)))),
            ],
            trace_id: [dice.next().to_be_bytes(), dice.next().to_be_bytes()].concat(),
            span_id: dice.next().to_be_bytes().to_vec(),
            ..Default::default()
        }
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![
                    attribute("service.name", text("shop")),
                    attribute("service.version", text("1.4.2")),
                    attribute("deployment.environment.name", text("production")),
                    attribute("host.name", text("web-1")),
                ],
                ..Default::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: "shop.http".into(),
                    version: "1".into(),
                    ..Default::default()
                }),
                log_records: (0..count as u64).map(record).collect(),
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value,
        ..Default::default()
    }
}

fn text(text: impl Into<String>) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Value::StringValue(text.into())),
    })
}

fn int(int: i64) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Value::IntValue(int)),
    })
}

/// Numbers that look random and are the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}

/// What a process used so far.
#[derive(Clone, Copy)]
struct Usage {
    cpu_seconds: f64,
    peak_bytes: u64,
}

impl Usage {
    fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
                .context("/proc stat")
        };
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = peak
            .and_then(|peak| peak.split_whitespace().next()?.parse().ok())
            .context("VmHWM")?;
        Ok(Self {
            // Fields 14 and 15 of proc(5), in ticks of 10 ms.
            cpu_seconds: (ticks(11)? + ticks(12)?) / 100.0,
            peak_bytes: kilobytes * 1024,
        })
    }
}
