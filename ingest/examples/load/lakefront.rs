//! lakefront-ingest under load.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use lakefront_lake::{Lake, LakeConfig};

use crate::Options;
use crate::report::Figures;
use crate::server::Server;

/// Sends the load to ingest, stops it, and counts the rows in the lake.
pub async fn measure(options: &Options, data: &Path) -> anyhow::Result<Figures> {
    let (sent, usage) = crate::load(options, start(options, data, &[])?).await?;
    let whole = sent.since.elapsed().as_secs_f64();
    let lake = Lake::open(LakeConfig::new(data.join("lake"))).await?;
    let files = lake.files("otel_logs").await?;
    let committed: u64 = files.iter().map(|file| file.file.record_count()).sum();
    let bytes: u64 = files.iter().map(|file| file.file.file_size_in_bytes()).sum();
    ensure!(
        committed >= sent.acknowledged,
        "{} records acknowledged, only {committed} committed",
        sent.acknowledged
    );
    Ok(Figures {
        name: "lakefront-ingest",
        acknowledged_rate: sent.acknowledged as f64 / sent.seconds,
        committed_rate: Some(committed as f64 / whole),
        per_cpu_second: committed as f64 / usage.cpu_seconds,
        bytes_per_record: Some(bytes as f64 / committed as f64),
        peak_bytes: usage.peak_bytes,
        refused: sent.refused,
        sender_share: sent.cpu_seconds / sent.seconds,
    })
}

/// Starts the server on a folder, with more flags than those of the options.
pub fn start(options: &Options, data: &Path, flags: &[&str]) -> anyhow::Result<Server> {
    let mut child = Command::new(&options.server)
        .args(["--listen", "127.0.0.1:0", "--grpc-listen", "off", "--data"])
        .arg(data)
        // Compressed requests are sent again as they are.
        .args(["--remember-batches", "0s"])
        .args(flags)
        .args(&options.flags)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {} (--server)", options.server.display()))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no pipe")?).read_line(&mut line)?;
    let Some(address) = line.trim().strip_prefix("listening on http://") else {
        bail!("the server did not start: {line:?}");
    };
    Ok(Server {
        name: "lakefront-ingest",
        address: address.to_owned(),
        child,
    })
}
