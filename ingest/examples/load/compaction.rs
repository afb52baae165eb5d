//! The latency of acknowledgements while compaction runs, against that without, in turns over one lake.
//!
//! Requests are sent at fixed times, so that a slow answer does not spare the server the next request. The lake gets a
//! file every 100 ms, so that compaction always has something to do.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use lakefront_api::{IngestCompaction, IngestHealth};

use crate::{Options, lakefront};

/// Flags of both servers.
const FLAGS: [&str; 2] = ["--commit-interval", "100ms"];

/// Measures in turns, without compaction first: what that leaves is compacted in the next turn. Prints each turn, and
/// how many times longer the slowest hundredth of the acknowledgements takes with compaction.
pub async fn compare(options: &Options, data: &Path) -> anyhow::Result<()> {
    println!(
        "{:>5} {:>10} {:>9} {:>8} {:>8} {:>8} {:>9} {:>13}",
        "round", "compaction", "requests", "p50 ms", "p99 ms", "max ms", "rewrites", "rewritten MB"
    );
    let mut latencies = [Vec::new(), Vec::new()];
    let mut rewrites = 0;
    for round in 1..=options.rounds {
        for (all, switch) in latencies.iter_mut().zip(["off", "on"]) {
            let (of_turn, compaction) = measure(options, data, switch).await?;
            let [p50, p99, max] = [50, 99, 100].map(|percent| millis(quantile(&of_turn, percent)));
            println!(
                "{round:>5} {switch:>10} {:>9} {p50:>8.2} {p99:>8.2} {max:>8.1} {:>9} {:>13.1}",
                of_turn.len(),
                compaction.rewrites,
                compaction.bytes_rewritten as f64 / 1e6,
            );
            all.extend(of_turn);
            rewrites += compaction.rewrites;
        }
    }
    ensure!(rewrites > 0, "nothing was compacted: measure for longer");
    let [off, on] = latencies.map(|mut all| {
        all.sort_unstable();
        [50, 99].map(|percent| millis(quantile(&all, percent)))
    });
    println!(
        "with compaction, p50 is {:.2} and p99 {:.2} times that without",
        on[0] / off[0],
        on[1] / off[1]
    );
    Ok(())
}

/// Returns the latencies of a turn, shortest first, and what compaction did in it.
async fn measure(
    options: &Options,
    data: &Path,
    switch: &str,
) -> anyhow::Result<(Vec<Duration>, IngestCompaction)> {
    let flags = [&FLAGS[..], &["--compaction", switch]].concat();
    let server = lakefront::start(options, data, &flags)?;
    let sent = crate::send(options, &server).await?;
    let health = reqwest::get(format!("http://{}/health", server.address)).await?;
    let health: IngestHealth = health.json().await?;
    server.stop().await?;
    ensure!(sent.refused == 0, "{} requests were refused", sent.refused);
    let compaction = health.compaction.context("no compaction in /health")?;
    Ok((sent.latencies, compaction))
}

/// Returns the duration that a percentage of the sorted ones does not exceed.
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
