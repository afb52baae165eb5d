//! Runs Chromium against the embedded stack, for the tests of `end2end/` and for measurements.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::build;
use crate::paths::Paths;
use lakefront_launcher::supervisor::Supervisor;
use lakefront_launcher::{Lake, LocalStack, Ports, Tier};
use lakefront_launcher::{demo, process};

/// Days of the demo's traffic.
const DAYS: u32 = 14;

/// Builds the programs and the bundle, and starts the stack with the demo's traffic, in the folder `data`, or on an S3
/// store that keeps its files there. Returns once all of the traffic is in the lake and in ClickHouse.
pub fn start_with_demo(
    paths: &Paths,
    supervisor: &mut Supervisor,
    lake: Lake,
    data: &Path,
) -> Result<LocalStack> {
    build::programs(paths)?;
    build::bundle(paths)?;
    let installation = paths.installation();
    let local = LocalStack::new(
        &installation,
        data.join("demo"),
        Ports::from_base(18_780),
        Tier::Two,
    )?;
    let local = local.with_commit_interval("2s").with_lake(lake);
    demo::write_funnels(&local.funnels_file())?;
    local.start(supervisor)?;
    supervisor.start(
        demo::service(&installation, &local.ingest_url(), DAYS, None),
        &local.logs(),
    )?;
    supervisor.wait_for(demo::NAME)?;
    local.wait_for_all_sent(supervisor)?;
    Ok(local)
}

/// Starts a second stack with an empty lake in the folder `data`.
pub fn start_empty(paths: &Paths, supervisor: &mut Supervisor, data: &Path) -> Result<LocalStack> {
    let local = LocalStack::new(
        &paths.installation(),
        data.join("empty"),
        Ports::from_base(18_790),
        Tier::Two,
    )?;
    let local = local.with_commit_interval("2s");
    local.start(supervisor)?;
    Ok(local)
}

/// Returns a command for Node in `end2end/`, with the addresses of the stack with the demo.
pub fn node(paths: &Paths, full: &LocalStack) -> Command {
    let mut command = paths.command("node");
    command
        .current_dir(paths.checkout.join("end2end"))
        .env("LAKEFRONT_URL", full.router_url())
        .env("LAKEFRONT_INGEST_URL", full.ingest_url());
    command
}

/// Runs `cargo xtask bench web`.
pub fn bench(paths: &Paths) -> Result<()> {
    let mut supervisor = Supervisor::new(false);
    let data = paths.cache.join("browser-test");
    let _ = std::fs::remove_dir_all(&data);
    let local = start_with_demo(paths, &mut supervisor, Lake::Local, &data)?;
    let result = process::run(node(paths, &local).arg("bench.js"));
    supervisor.end();
    result
}
