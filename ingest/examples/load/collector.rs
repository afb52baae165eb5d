//! An OpenTelemetry Collector under the same load. It acknowledges requests that are synced to its persistent queue, and
//! its exporter discards them. It writes no table.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::Options;
use crate::report::Figures;
use crate::server::Server;

/// Time limit of a start.
const START: Duration = Duration::from_secs(20);

/// Sends the load to a collector and stops it.
pub async fn measure(options: &Options, program: &Path, data: &Path) -> anyhow::Result<Figures> {
    let (sent, usage) = crate::load(options, start(program, data).await?).await?;
    Ok(Figures {
        name: "OpenTelemetry Collector, queue only",
        acknowledged_rate: sent.acknowledged as f64 / sent.seconds,
        committed_rate: None,
        per_cpu_second: sent.acknowledged as f64 / usage.cpu_seconds,
        bytes_per_record: None,
        peak_bytes: usage.peak_bytes,
        refused: sent.refused,
        sender_share: sent.cpu_seconds / sent.seconds,
    })
}

async fn start(program: &Path, data: &Path) -> anyhow::Result<Server> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let queue = data.join("queue");
    fs::create_dir_all(&queue)?;
    let configuration = data.join("collector.yaml");
    fs::write(&configuration, configured(&address, &queue))?;
    let child = Command::new(program)
        .arg("--config")
        .arg(&configuration)
        .spawn()
        .with_context(|| format!("cannot start {} (--collector)", program.display()))?;
    let server = Server {
        name: "collector",
        address,
        child,
    };
    let started = Instant::now();
    while TcpStream::connect(&server.address).is_err() {
        ensure!(
            started.elapsed() < START,
            "the Collector did not start: see its messages above"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(server)
}

fn configured(address: &str, queue: &Path) -> String {
    format!(
        "extensions:
  file_storage:
    directory: {queue}
    fsync: true
receivers:
  otlp:
    protocols:
      http:
        endpoint: {address}
exporters:
  debug:
    verbosity: basic
    sending_queue:
      enabled: true
      storage: file_storage
      queue_size: 1000
      block_on_overflow: true
service:
  extensions: [file_storage]
  telemetry:
    logs:
      level: error
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
",
        queue = queue.display()
    )
}
