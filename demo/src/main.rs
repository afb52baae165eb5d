//! Sends the traffic of a small web shop to an OTLP/HTTP endpoint.

mod progress;
mod send;
mod send_live;
mod send_past;
mod stop;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use jiff::Timestamp;
use lakefront_demo::{DAY, HOUR, Shop};
use send::{Sender, Signal, Tally, Wire};
use stop::Stop;

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
    /// The seed of all random choices
    #[arg(long, env = "LAKEFRONT_DEMO_SEED", default_value_t = 1)]
    seed: u64,
    /// Where the past ends, as RFC 3339 [default: the last full hour]
    #[arg(long, env = "LAKEFRONT_DEMO_UNTIL")]
    until: Option<Timestamp>,
    /// After the past, send this many events a second until stopped
    #[arg(long, env = "LAKEFRONT_DEMO_RATE", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// For how many seconds to try again when the endpoint is busy or cannot be reached
    #[arg(long, env = "LAKEFRONT_DEMO_PATIENCE", default_value_t = 30)]
    patience: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let stop = Stop::on_signals(runtime.handle())?;
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
    send_past::send_past(&shop, &mut sender, &stop, from..until)?;
    closing_line(&tally, started.elapsed());
    if let (Some(rate), None) = (arguments.rate, tally.failure()) {
        if arguments.until.is_none() {
            // The current hour up to now is sent too, so that there is no gap between past and present.
            send_past::send_past(
                &shop,
                &mut sender,
                &stop,
                until..Timestamp::now().as_microsecond(),
            )?;
        }
        eprintln!("now {rate} events a second, until Ctrl-C");
        send_live::send_live(&shop, &mut sender, &stop, rate)?;
        closing_line(&tally, started.elapsed());
    }
    match tally.failure() {
        Some(failure) => bail!("not everything was delivered: {failure}"),
        None => Ok(()),
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
