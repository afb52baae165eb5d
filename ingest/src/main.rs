//! The program `lakefront-ingest`: reads the configuration, starts the server, and stops it on SIGTERM or SIGINT.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use lakefront_ingest::{Ingest, config::Config};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// One thread allocates a decoded request and another frees it, which is slow and fragments memory with glibc's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let config = Config::parse();
    let filter = EnvFilter::try_from_env("LAKEFRONT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lakefront-ingest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let ingest = Ingest::start(config).await?;
    // Programs that start this one read the address from this line, because `--listen` may name port 0.
    println!("listening on http://{}", ingest.address());
    ingest
        .run_until(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await?;
    Ok(())
}
