//! The OpenTelemetry Collector that `bench ingest` compares with: built by its own builder, as no package brings one.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::versions::Versions;
use super::{announce, stamp};
use crate::paths::Paths;
use lakefront_launcher::process;

const STAMP: &str = "collector";

/// Builds it where it is missing; returns the program.
///
/// # Errors
/// Without Go, without its modules, or when it does not build. Nothing but the comparison needs it.
pub fn install(paths: &Paths) -> Result<PathBuf> {
    let version = Versions::read(paths)?.collector;
    let folder = paths.tools().join("collector");
    let program = folder.join("otelcol");
    if program.exists() && stamp::matches(paths, STAMP, &version) {
        return Ok(program);
    }
    if process::output(paths.command("go").arg("version")).is_none() {
        bail!("Go is not installed: https://go.dev/doc/install");
    }
    announce(&format!(
        "the OpenTelemetry Collector {version} by its builder: about 2 minutes"
    ));
    std::fs::create_dir_all(&folder)?;
    let manifest = folder.join("manifest.yaml");
    std::fs::write(&manifest, manifest_of(&version, &folder.display().to_string()))?;
    let builder = format!("go.opentelemetry.io/collector/cmd/builder@v{version}");
    process::run(
        paths
            .command("go")
            .args(["install", &builder])
            .env("GOBIN", &folder),
    )
    .context("the builder did not install")?;
    process::run(
        paths
            .command(folder.join("builder"))
            .arg("--config")
            .arg(&manifest),
    )
    .context("the Collector did not build")?;
    stamp::set(paths, STAMP, &version)?;
    Ok(program)
}

fn manifest_of(version: &str, folder: &str) -> String {
    format!(
        "dist:
  name: otelcol
  output_path: {folder}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v{version}
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/debugexporter v{version}
extensions:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage v{version}
"
    )
}
