//! The program `lakefront-sync`: copies the Iceberg tables of the lake to ClickHouse, each data file exactly once.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use lakefront_sync::commands;
use lakefront_sync::config::Cli;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("LAKEFRONT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lakefront-sync: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    commands::run(cli.command).await
}
