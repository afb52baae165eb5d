//! `cargo xtask up`: the embedded stack, from nothing to a dashboard's address.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use serde_json::json;

use crate::local::{LOCATION_HEADER, Lake, Local, Ports, Tier};
use crate::paths::Paths;
use crate::setup::{self, Wanted};
use crate::stack::Stack;
use crate::{build, demo};

/// What `up` takes.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask up\n  cargo xtask up --tier 3\n  cargo xtask up --lake s3\n  cargo xtask up --no-demo --data ~/telemetry\n  cargo xtask up --port-base 9700    router 9700, ingest 9701, chDB 9702, ClickHouse 9703 and 9704, sync 9705"
)]
pub struct Args {
    /// 1: chDB over the lake; 2: and a ClickHouse with materialized views; 3: and one in each of two regions
    #[arg(long, value_enum, default_value = "2", hide_possible_values = true)]
    tier: Tier,
    /// Where the lake, ingest's log and ClickHouse's disks live [default: lakefront/demo or lakefront/own in your data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Ports N (router), N+1 (ingest), N+2 (chDB), N+3 and N+4 (ClickHouse), N+5 (sync) in place of 8787, 4318, 8686, 8123,
    /// 8124 and 8687; with --lake s3, N+6 and N+7 (MinIO) and N+8 (catalog) in place of 9000, 9001 and 19120
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..65500))]
    port_base: Option<u16>,
    /// Where the tables are
    #[arg(long, value_enum, default_value = "local")]
    lake: Lake,
    /// Open your own lake, empty at first, and send it nothing
    #[arg(long)]
    no_demo: bool,
    /// Events a second the demo goes on sending once its past is filled
    #[arg(long, value_name = "N", default_value_t = 5)]
    rate: u32,
}

/// Runs until Ctrl-C or until a part of the stack dies.
pub fn run(args: &Args) -> Result<()> {
    eprintln!("Lakefront: setup");
    let paths = setup::run(match args.lake {
        Lake::Local => Wanted::Stack,
        Lake::S3 => Wanted::StackOnS3,
    })?;
    eprintln!("Lakefront: build (the first time takes minutes, the next seconds)");
    build::programs(&paths)?;
    build::bundle(&paths)?;
    let local = local(&paths, args)?;
    eprintln!("Lakefront: start, logs in {}", local.logs().display());
    let mut stack = Stack::new();
    let result = local
        .start(&mut stack)
        .and_then(|()| serve(&paths, args, &local, &mut stack));
    eprintln!("Lakefront: stopping");
    stack.end();
    result
}

fn local(paths: &Paths, args: &Args) -> Result<Local> {
    let data = match &args.data {
        Some(folder) => std::path::absolute(folder)?,
        None => {
            let name = if args.no_demo { "own" } else { "demo" };
            let on = if args.lake == Lake::S3 { "-s3" } else { "" };
            paths.data.join(format!("{name}{on}"))
        }
    };
    let ports = args.port_base.map_or(Ports::DEFAULT, Ports::from_base);
    let mut local = Local::new(paths, data, ports, args.tier)?.with_lake(args.lake);
    // The demo's panels should move while one watches; a lake of one's own keeps the default of ingest.
    if !args.no_demo {
        local = local.with_commit_interval("2s");
    }
    Ok(local)
}

fn serve(paths: &Paths, args: &Args, local: &Local, stack: &mut Stack) -> Result<()> {
    if !args.no_demo {
        if is_empty(local)? {
            eprintln!("Lakefront: sending the demo's last 14 days");
            stack.start(demo::service(paths, &local.ingest_url(), 14, None), &local.logs())?;
            stack.wait_for(demo::NAME)?;
        }
        stack.start(
            demo::service(paths, &local.ingest_url(), 0, Some(args.rate)),
            &local.logs(),
        )?;
    }
    eprintln!("{}", summary(local));
    stack.watch()
}

/// What runs where.
fn summary(local: &Local) -> String {
    let mut lines = vec![
        ("Dashboard", local.router_url()),
        ("OTLP/HTTP", local.ingest_url()),
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
    let lines: String = lines
        .iter()
        .map(|(name, value)| format!("  {name:<11} {value}\n"))
        .collect();
    format!("\n{lines}\n  Ctrl-C ends everything; the data stays.\n")
}

/// Whether the lake holds no log record yet but what the router tells of itself.
fn is_empty(local: &Local) -> Result<bool> {
    let reply = crate::stack::post_json(
        &format!("{}/sql", local.router_url()),
        &json!({ "sql": "SELECT count() AS records FROM otel.otel_logs WHERE ServiceName != 'lakefront-router'" }),
    )?;
    match reply["rows"][0][0].as_u64() {
        Some(records) => Ok(records == 0),
        None => bail!("the router's answer to a count has no number: {reply}"),
    }
}
