//! The developer's commands, which `cargo xtask --help` lists. Each command installs the tools that it needs.

mod access;
mod bench;
mod browser;
mod build;
mod bundle;
mod demo;
mod dev;
mod dist;
mod installed;
mod paths;
mod setup;
mod source_times;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lakefront_launcher::process;

/// Lakefront's developer commands: each sets up whatever is missing first.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask up                    the embedded stack with the demo's traffic\n  cargo xtask up --no-demo          your own lake, empty at first\n  cargo xtask test                  everything CI runs\n  cargo xtask test --only build    one step of it\n  cargo xtask test --quick          while you work\n  cargo xtask dist                  one archive with everything"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install the tools that are missing; takes seconds if none is.
    Setup,
    /// Start the embedded stack and print the dashboard's address; Ctrl-C ends it.
    Up(up::Args),
    /// Send the demo's traffic to a running ingest.
    Demo(demo::Args),
    /// Run everything: formatting, lints, docs, unit, integration and browser tests.
    Test(test::Args),
    /// Build the browser bundle and the Worker, and print their sizes.
    Bundle,
    /// Serve the dashboard with hot reload against a running stack.
    Dev(dev::Args),
    /// Pack everything into one archive that runs without Rust or Node.
    Dist(dist::Args),
    /// Render `clickhouse/access.toml` to the users of a real ClickHouse.
    Access,
    /// Measure: ingest, lake, layout, router, viewers, web.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    process::end_children_on_interrupt();
    let result = match Cli::parse().command {
        Command::Setup => setup::run(setup::ToolSet::Everything).map(drop),
        Command::Up(args) => up::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bundle => setup::run(setup::ToolSet::Stack)
            .and_then(|paths| build::bundle(&paths))
            .map(drop),
        Command::Dev(args) => dev::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Access => access::run(),
        Command::Bench(args) => bench::run(&args),
    };
    match result {
        _ if process::interrupted() => ExitCode::from(130),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
