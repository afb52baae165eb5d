//! Sends the traffic of a small web shop to an OTLP/HTTP endpoint.

mod send;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use jiff::Timestamp;
use lakefront_demo::{DAY, HOUR, Shop};
use send::{Sender, Signal, Tally, Wire};

/// Send the traffic of a small web shop over OTLP/HTTP, through the OpenTelemetry SDK.
///
/// First the past (--days), as fast as the endpoint takes it; then, with --rate, the present, until stopped.
/// The same --seed and --until make the same traffic.
#[derive(Debug, Parser)]
#[command(
    name = "lakefront-demo",
    version,
    after_help = "Examples:
  lakefront-demo                                     14 days to http://127.0.0.1:4318
  lakefront-demo --days 14 --rate 50                 and then 50 events a second, until Ctrl-C
  lakefront-demo --days 0 --rate 50                  only the present
  lakefront-demo --days 2 --until 2026-03-30T00:00Z  the same two days whenever it runs
  lakefront-demo --endpoint https://ingest.example   any OTLP/HTTP endpoint"
)]
struct Arguments {
    /// Where to send: an OTLP/HTTP endpoint, without /v1/logs and the like
    #[arg(long, env = "LAKEFRONT_ENDPOINT", default_value = "http://127.0.0.1:4318")]
    endpoint: String,
    /// How many days of the past to send
    #[arg(long, env = "LAKEFRONT_DEMO_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(0..=3650))]
    days: u16,
    /// What chance is made of
    #[arg(long, env = "LAKEFRONT_DEMO_SEED", default_value_t = 1)]
    seed: u64,
    /// Where the past ends, as RFC 3339 [default: the last full hour]
    #[arg(long, env = "LAKEFRONT_DEMO_UNTIL")]
    until: Option<Timestamp>,
    /// After the past, send this many events a second until stopped
    #[arg(long, env = "LAKEFRONT_DEMO_RATE", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// For how many seconds to try again when the endpoint is busy or not there
    #[arg(long, env = "LAKEFRONT_DEMO_PATIENCE", default_value_t = 30)]
    patience: u64,
}

/// How often metrics are collected, in microseconds.
const COLLECT: i64 = HOUR / 2;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let until = arguments.until.map_or_else(
        || Timestamp::now().as_microsecond().div_euclid(HOUR) * HOUR,
        Timestamp::as_microsecond,
    );
    let from = until - i64::from(arguments.days) * DAY;
    let tally = Arc::new(Tally::default());
    let wire = Wire::new(Duration::from_secs(arguments.patience), Arc::clone(&tally))
        .context("the HTTP client can't be made")?;
    let mut sender = Sender::new(
        runtime.handle().clone(),
        &arguments.endpoint,
        wire,
        Arc::clone(&tally),
        from,
    );
    let shop = Shop::new(arguments.seed, until);
    let started = Instant::now();

    past(&shop, &mut sender, from, until)?;
    if arguments.rate.is_some() {
        bail!("not there yet");
    }
    closing_line(&tally, started.elapsed());
    ensure!(
        tally.failure().is_none(),
        "{}",
        tally.failure().unwrap_or_default()
    );
    Ok(())
}

/// Everything in `[from, until)`, an hour at a time.
fn past(shop: &Shop, sender: &mut Sender, from: i64, until: i64) -> Result<()> {
    let mut progress = Progress::new();
    let mut begin = from;
    while begin < until && sender.tally().failure().is_none() {
        let end = (begin + COLLECT * 12).min(until);
        let mut collect = begin + COLLECT;
        for event in shop.events(begin, end) {
            while event.time >= collect {
                sender.collect(collect)?;
                collect += COLLECT;
            }
            sender.send(event)?;
        }
        while collect <= end {
            sender.collect(collect)?;
            collect += COLLECT;
        }
        begin = end;
        progress.show(
            (begin - from) as f64 / (until - from) as f64,
            sender.tally().total(),
        );
    }
    sender.flush()?;
    progress.done();
    Ok(())
}

/// One line on stderr that is written over, on a terminal.
struct Progress {
    visible: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, share: f64, accepted: u64) {
        if self.visible {
            let full = (share * 40.0) as usize;
            eprint!(
                "\r[{:<40}] {:>3.0} %  {accepted} events accepted",
                "#".repeat(full),
                share * 100.0
            );
            // A terminal that can't be written to any more is no reason to stop.
            std::io::stderr().flush().ok();
        }
    }

    fn done(&self) {
        if self.visible {
            eprintln!();
        }
    }
}

fn closing_line(tally: &Tally, took: Duration) {
    eprintln!(
        "{} events accepted ({} log records, {} spans, {} data points), {} refused, {:.1} s",
        tally.total(),
        tally.accepted(Signal::Logs),
        tally.accepted(Signal::Traces),
        tally.accepted(Signal::Metrics),
        tally.rejected(),
        took.as_secs_f64(),
    );
}
