//! Connections that each send one request after the other.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::body::Request;
use crate::server::{Server, Usage};

/// The requests of a measurement.
pub struct Sent {
    /// Records that the server acknowledged.
    pub acknowledged: u64,
    /// Requests that the server refused with 429 or 503.
    pub refused: u64,
    /// The time from when each answered request was due to its answer, shortest first.
    pub latencies: Vec<Duration>,
    /// The time at which sending began.
    pub since: Instant,
    /// The time from then to the last answer.
    pub seconds: f64,
    /// CPU time that this process used in that time.
    pub cpu_seconds: f64,
}

#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    refused: AtomicU64,
    stop: AtomicBool,
}

/// Sends for a duration. Each list of requests has a connection of its own. With a `pace`, each connection has a request
/// due after each such time, whether the last one was answered or not.
pub async fn send(
    server: &Server,
    connections: Vec<Vec<Request>>,
    batch: u64,
    time: Duration,
    pace: Option<Duration>,
) -> anyhow::Result<Sent> {
    let counts = Arc::new(Counts::default());
    let cpu_before = Usage::of(std::process::id())?.cpu_seconds;
    let since = Instant::now();
    let connections: Vec<_> = connections
        .into_iter()
        .map(|requests| {
            let connection = connection(server.address.clone(), requests, batch, counts.clone(), pace);
            tokio::spawn(connection)
        })
        .collect();
    for second in 1..=time.as_secs() {
        tokio::time::sleep_until((since + Duration::from_secs(second)).into()).await;
        if second % 10 == 0 {
            let acknowledged = counts.acknowledged.load(Ordering::Relaxed);
            eprintln!("{}: {second} s, {acknowledged} records acknowledged", server.name);
        }
    }
    counts.stop.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    for connection in connections {
        latencies.extend(connection.await??);
    }
    latencies.sort_unstable();
    Ok(Sent {
        acknowledged: counts.acknowledged.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        latencies,
        since,
        seconds: since.elapsed().as_secs_f64(),
        cpu_seconds: Usage::of(std::process::id())?.cpu_seconds - cpu_before,
    })
}

async fn connection(
    address: String,
    mut requests: Vec<Request>,
    batch: u64,
    counts: Arc<Counts>,
    pace: Option<Duration>,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::new();
    let mut latencies = Vec::new();
    let mut due = Instant::now();
    for turn in 0.. {
        if let Some(pace) = pace {
            due += pace;
            tokio::time::sleep_until(due.into()).await;
        } else {
            due = Instant::now();
        }
        if counts.stop.load(Ordering::Relaxed) {
            break;
        }
        let turn = turn % requests.len();
        stream.write_all(requests[turn].next()).await?;
        match read_status(&mut stream, &mut answer).await? {
            200 => counts.acknowledged.fetch_add(batch, Ordering::Relaxed),
            429 | 503 => counts.refused.fetch_add(1, Ordering::Relaxed),
            status => bail!("the server answered {status}"),
        };
        latencies.push(due.elapsed());
    }
    Ok(latencies)
}

/// Reads an answer and returns its status.
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
