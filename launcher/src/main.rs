//! The program `lakefront`: the stack of a release archive on one machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lakefront_launcher::{Installation, Lake, doctor, process, status, up};

/// Telemetry in open Iceberg tables on your own disk, with dashboards: the whole stack on this machine.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  lakefront up                      your lake, empty at first; prints the dashboard's address\n  lakefront up --demo               with the traffic of a small web shop\n  lakefront up --data ~/telemetry --port-base 9700\n  lakefront status\n  lakefront doctor"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the stack and print the dashboard's address; Ctrl-C ends it.
    Up {
        #[command(flatten)]
        args: up::Options,
        /// Fill a separate lake with the demo's last 14 days, and go on sending
        #[arg(long)]
        demo: bool,
    },
    /// Show what each part of a running stack reports about itself.
    Status {
        /// The --port-base that `up` was given
        #[arg(long, value_name = "N")]
        port_base: Option<u16>,
    },
    /// Check this machine and the configuration, and report what is wrong.
    Doctor {
        /// The --data that `up` will be given
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The --port-base that `up` will be given
        #[arg(long, value_name = "N")]
        port_base: Option<u16>,
    },
}

fn main() -> ExitCode {
    process::end_children_on_interrupt();
    let result = Installation::beside_this_program().and_then(|installation| match Cli::parse().command {
        Command::Up { args, demo } => up::run(&installation, &args, Lake::Local, demo),
        Command::Status { port_base } => status::run(port_base),
        Command::Doctor { data, port_base } => doctor::run(&installation, data, port_base),
    });
    match result {
        _ if process::interrupted() => ExitCode::from(130),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
