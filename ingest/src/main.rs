//! The program `lakefront-ingest`: reads the configuration, starts the server, and stops it on SIGTERM or SIGINT. With
//! the name of a command as first argument, runs that command.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use lakefront_ingest::{Ingest, commands::Commands, config::Config};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// One thread allocates a decoded request and another frees it, which is slow and fragments memory with glibc's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The server's flags belong to no command.
    let is_command = std::env::args_os()
        .nth(1)
        .is_some_and(|name| Commands::has(&name));
    let start = match is_command {
        true => Start::Command(Box::new(Commands::parse())),
        false => Start::Server(Box::new(Config::parse())),
    };
    let filter = EnvFilter::try_from_env("LAKEFRONT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lakefront-ingest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The work that the arguments ask for.
enum Start {
    Server(Box<Config>),
    Command(Box<Commands>),
}

#[tokio::main]
async fn run(start: Start) -> anyhow::Result<()> {
    match start {
        Start::Server(config) => serve(*config).await,
        Start::Command(command) => command.run().await,
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let ingest = Ingest::start(config).await?;
    // Programs that start this one read the addresses from these lines, because a setting may name port 0. Both lines
    // are one write: a program that reads the first one alone may close the pipe after it.
    let grpc = ingest
        .grpc_address()
        .map(|address| format!("\ngRPC on http://{address}"));
    println!(
        "listening on http://{}{}",
        ingest.address(),
        grpc.unwrap_or_default()
    );
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
