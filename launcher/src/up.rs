//! The command `up`: starts the stack and runs it until Ctrl-C.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use serde_json::json;

use crate::installation::{Installation, data_folder};
use crate::local_stack::{LOCATION_HEADER, Lake, LocalStack, Ports, Tier, demo};
use crate::supervisor::{Supervisor, get_json, post_json};

/// Time between two drawings of the status line.
const REDRAW: Duration = Duration::from_secs(2);

/// The options of `cargo xtask up` and of `lakefront up`.
#[derive(Parser, Debug)]
pub struct Options {
    /// 1: chDB over the lake; 2: also a ClickHouse with materialized views; 3: also one in each of two regions
    #[arg(long, value_enum, default_value = "2", hide_possible_values = true)]
    pub tier: Tier,
    /// Folder of the lake, ingest's log and ClickHouse's disks [default: lakefront/demo or lakefront/own in your data
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Ports N (router), N+1 (ingest), N+2 (chDB), N+3 and N+4 (ClickHouse), N+5 (sync), N+9 (ingest by gRPC) in place
    /// of 8787, 4318, 8686, 8123, 8124, 8687 and 4317; with --lake s3, N+6 and N+7 (MinIO) and N+8 (catalog) in place
    /// of 9000, 9001 and 19120
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..65500))]
    pub port_base: Option<u16>,
    /// Events per second that the demo sends after its past is filled
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rate: u32,
    /// Show every line of every program; without it only warnings and errors
    #[arg(long, short)]
    pub verbose: bool,
}

/// Starts the stack with or without the demo's traffic. Returns after Ctrl-C.
///
/// # Errors
/// Returns an error if a part does not start, or ends by itself. The error contains the part's last lines.
pub fn run(installation: &Installation, args: &Options, lake: Lake, with_demo: bool) -> Result<()> {
    let missing = installation.missing();
    if let Some(first) = missing.first() {
        bail!(
            "{} of the stack's files are missing, {} first",
            missing.len(),
            first.display()
        );
    }
    let local = local(installation, args, lake, with_demo)?;
    eprintln!("Lakefront: start, logs in {}", local.logs().display());
    let mut supervisor = Supervisor::new(args.verbose);
    let result = local
        .start(&mut supervisor)
        .and_then(|()| serve(installation, args, &local, &mut supervisor, with_demo));
    eprintln!("Lakefront: stopping");
    supervisor.end();
    result
}

fn local(installation: &Installation, args: &Options, lake: Lake, with_demo: bool) -> Result<LocalStack> {
    let data = match &args.data {
        Some(folder) => std::path::absolute(folder)?,
        None => {
            let name = if with_demo { "demo" } else { "own" };
            let on = if lake == Lake::S3 { "-s3" } else { "" };
            data_folder()?.join(format!("{name}{on}"))
        }
    };
    let ports = args.port_base.map_or(Ports::DEFAULT, Ports::from_base);
    let local = LocalStack::new(installation, data, ports, args.tier)?.with_lake(lake);
    // The demo's panels should change while someone watches. A user's own lake keeps ingest's default.
    Ok(if with_demo {
        demo::write_funnels(&local.funnels_file())?;
        local.with_commit_interval("2s")
    } else {
        local
    })
}

fn serve(
    installation: &Installation,
    args: &Options,
    local: &LocalStack,
    supervisor: &mut Supervisor,
    with_demo: bool,
) -> Result<()> {
    if with_demo {
        if is_empty(local)? {
            eprintln!("Lakefront: sending the demo's last 14 days");
            supervisor.start(
                demo::service(installation, &local.ingest_url(), 14, None),
                &local.logs(),
            )?;
            supervisor.wait_for(demo::NAME)?;
        }
        let live = demo::service(installation, &local.ingest_url(), 0, Some(args.rate));
        supervisor.start(live, &local.logs())?;
    }
    eprintln!("{}", summary(local));
    let mut status = StatusLine::new();
    supervisor.watch(|| status.draw(local))
}

/// Returns the addresses of the parts, one on each line.
fn summary(local: &LocalStack) -> String {
    let mut lines = vec![
        ("Dashboard", local.router_url()),
        ("OTLP/HTTP", local.ingest_url()),
        ("OTLP/gRPC", local.grpc_url()),
        ("chDB", local.chdb_url()),
    ];
    for (url, region) in local.clickhouses() {
        let region = region.map(|region| format!("  {region}")).unwrap_or_default();
        lines.push(("ClickHouse", format!("{url}{region}")));
    }
    if local.clickhouses().count() > 1 {
        let elsewhere = format!("curl -H '{LOCATION_HEADER}: 48.85,2.35' … asks as from Paris");
        lines.push(("Elsewhere", elsewhere));
    }
    lines.push(("Data", local.data.display().to_string()));
    lines.push(("Logs", local.logs().display().to_string()));
    let lines: String = lines
        .iter()
        .map(|(name, value)| format!("  {name:<11} {value}\n"))
        .collect();
    format!("\n{lines}\n  Ctrl-C ends everything; the data stays.\n")
}

/// Returns true if the lake contains no log records except those of the router.
fn is_empty(local: &LocalStack) -> Result<bool> {
    let reply = post_json(
        &format!("{}/sql", local.router_url()),
        &json!({ "sql": "SELECT count() AS records FROM otel.otel_logs WHERE ServiceName != 'lakefront-router'" }),
    )?;
    match reply["rows"][0][0].as_u64() {
        Some(records) => Ok(records == 0),
        None => bail!("the router's answer to a count has no number: {reply}"),
    }
}

/// One line at the bottom of a terminal with the stack's running time and the rate of records.
struct StatusLine {
    started: Instant,
    drawn: Option<Instant>,
}

impl StatusLine {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            drawn: None,
        }
    }

    /// Draws the line if standard error is a terminal and the last drawing is old enough.
    fn draw(&mut self, local: &LocalStack) {
        let mut screen = std::io::stderr();
        if !screen.is_terminal() || self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return;
        }
        self.drawn = Some(Instant::now());
        let minutes = self.started.elapsed().as_secs() / 60;
        let incoming = match get_json(&format!("{}/health", local.ingest_url())) {
            Ok(health) => format!(
                "{:.1} records/s, {} not yet in the lake",
                health["records_per_second"].as_f64().unwrap_or_default(),
                health["wal"]["backlog_records"]
            ),
            Err(_) => "ingest does not answer".to_owned(),
        };
        // Moves to the first column and clears the line.
        let _ = write!(screen, "\r\x1b[2K  running {minutes} min · {incoming}");
        let _ = screen.flush();
    }
}
