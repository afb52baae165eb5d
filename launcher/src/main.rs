//! The program `lakefront`: the stack of a release archive on one machine.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use lakefront_launcher::{Installation, Lake, doctor, process, status, up};

/// Telemetry in open Iceberg tables on your own disk, with dashboards: the whole stack on this machine.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  lakefront up                      your lake, empty at first; prints the dashboard's address\n  lakefront up --demo               with the traffic of a small web shop\n  lakefront up --data ~/telemetry --port-base 9700\n  lakefront status\n  lakefront doctor\n  lakefront deploy --help           the same system on Cloudflare and Fly.io"
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
    /// Deploy the system that lakefront.toml describes, on Cloudflare and Fly.io: `lakefront deploy --help`.
    #[command(disable_help_flag = true)]
    Deploy {
        /// The arguments of lakefront-deploy
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    process::end_children_on_interrupt();
    let result = Installation::beside_this_program().and_then(|installation| match Cli::parse().command {
        Command::Up { args, demo } => up::run(&installation, &args, Lake::Local, demo),
        Command::Status { port_base } => status::run(port_base),
        Command::Doctor { data, port_base } => doctor::run(&installation, data, port_base),
        Command::Deploy { arguments } => deploy(&installation, &arguments),
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

/// Becomes `lakefront-deploy`, which asks questions and so has this program's input. It deploys the archive's bundle unless it is told
/// another.
fn deploy(installation: &Installation, arguments: &[OsString]) -> anyhow::Result<()> {
    const BUNDLE: &str = "LAKEFRONT_BUNDLE";
    let mut command = installation.command("lakefront-deploy");
    command.args(arguments);
    if std::env::var_os(BUNDLE).is_none() && installation.bundle.is_dir() {
        command.env(BUNDLE, &installation.bundle);
    }
    // It returns only if the program cannot be started.
    Err(command.exec()).with_context(|| format!("cannot start {}", command.get_program().display()))
}
