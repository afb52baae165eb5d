//! The OpenTelemetry Collector with which `bench ingest` compares. Its own builder builds it, because no package
//! contains it.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::announce;
use super::versions::Versions;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

const TOOL: &str = "collector";

/// Builds the Collector if it is missing. Returns the path of the program.
///
/// # Errors
/// Returns an error if Go or a Go module is missing, or the build fails. Only the comparison needs the Collector.
pub fn install(paths: &Paths) -> Result<PathBuf> {
    let version = Versions::read(paths)?.collector;
    let folder = paths.tools().join("collector");
    let program = folder.join("otelcol");
    if program.exists() && installed::matches(&paths.tools(), TOOL, &version) {
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
    installed::record(&paths.tools(), TOOL, &version)?;
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
