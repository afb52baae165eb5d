//! Measures `lakefront-ingest` under load: prebuilt OTLP bodies over keep-alive connections.
//!
//! It starts the server on a data folder of its own, sends as fast as the server answers, and stops it with SIGTERM so that
//! all is committed. The figures are from outside of the server: `/proc` and the lake. With `--collector`, an OpenTelemetry
//! Collector gets the same load in turns, so that other programs on the machine disturb both. With `--compare-compaction`,
//! it measures the latency of acknowledgements with compaction against that without.

mod body;
mod collector;
mod compaction;
mod lakefront;
mod report;
mod sender;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use sender::Sent;
use server::Usage;

/// Sends log records to a server that it starts, and prints the rates of acknowledged and of committed records.
#[derive(Parser)]
#[command(
    args_override_self = true,
    after_help = "Examples:\n  load --server target/debug/lakefront-ingest --seconds 60 --compression gzip\n  \
                  load --server target/debug/lakefront-ingest --compare-compaction --rounds 3"
)]
struct Options {
    /// The server binary
    #[arg(long)]
    server: PathBuf,
    /// An OpenTelemetry Collector with otlp receiver, debug exporter and file_storage, to compare with
    #[arg(long)]
    collector: Option<PathBuf>,
    /// Number of measurements of each server, in turns
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Duration of a measurement
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Log records of a request
    #[arg(
        long,
        default_value_t = 1000,
        default_value_if("compare_compaction", "true", "100")
    )]
    batch: usize,
    /// Compression of the bodies
    #[arg(long, value_enum, default_value_t = Compression::None)]
    compression: Compression,
    /// Requests a second of each connection; as many as the server answers by default
    #[arg(long, default_value_if("compare_compaction", "true", "25"))]
    pace: Option<f64>,
    /// Measure latencies without compaction and with it, in turns; 25 requests of 100 records a second and connection
    #[arg(long)]
    compare_compaction: bool,
    /// Folder for the servers' data, removed at the end; a temporary one by default
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
    runtime.block_on(run(&options))
}

async fn run(options: &Options) -> anyhow::Result<()> {
    let data = match &options.data {
        Some(data) => data.clone(),
        None => std::env::temp_dir().join(format!("lakefront-load-{}", std::process::id())),
    };
    if options.compare_compaction {
        return in_folder(&data, compaction::compare(options, &data)).await;
    }
    let mut all = Vec::new();
    for round in 1..=options.rounds {
        let folder = data.join(round.to_string());
        all.push(in_folder(&folder, lakefront::measure(options, &folder)).await?);
        if let Some(collector) = &options.collector {
            all.push(in_folder(&folder, collector::measure(options, collector, &folder)).await?);
        }
    }
    report::print(&all);
    Ok(())
}

/// Measures in a folder that is removed afterwards, also after an error.
async fn in_folder<T>(folder: &Path, measure: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    fs::create_dir_all(folder)?;
    let result = measure.await;
    fs::remove_dir_all(folder)?;
    result
}

/// Sends for the duration in the options, then stops the server. Returns the counts of requests and the resources that
/// the server used.
async fn load(options: &Options, server: server::Server) -> anyhow::Result<(Sent, Usage)> {
    let sent = send(options, &server).await?;
    let usage = server.stop().await?;
    ensure!(sent.acknowledged > 0, "no request was acknowledged");
    Ok((sent, usage))
}

/// Sends for the duration in the options.
async fn send(options: &Options, server: &server::Server) -> anyhow::Result<Sent> {
    let connections = (0..options.connections as u64)
        .map(|connection| body::requests(options, &server.address, connection))
        .collect::<anyhow::Result<_>>()?;
    let seconds = Duration::from_secs(options.seconds);
    let pace = options.pace.map(|pace| Duration::from_secs_f64(1.0 / pace));
    sender::send(server, connections, options.batch as u64, seconds, pace).await
}
