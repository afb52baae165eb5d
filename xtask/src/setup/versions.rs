//! Versions and names of all tools, read from `xtask/versions.toml`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::ToolSet;
use crate::paths::Paths;

/// The content of `xtask/versions.toml`.
#[derive(Debug, Deserialize)]
pub struct Versions {
    apt: BTreeMap<String, String>,
    cargo: BTreeMap<String, String>,
    npm: BTreeMap<String, String>,
    /// The jars of each JDBC driver by its version, as paths in Maven's central repository.
    pub jdbc: BTreeMap<String, Vec<String>>,
    /// The jars of the OpenTelemetry SDK for Java by its version, like those of `jdbc`.
    #[serde(rename = "otel-java")]
    pub otel_java: BTreeMap<String, Vec<String>>,
    /// Version of the OpenTelemetry Collector and of all its modules.
    pub collector: String,
    /// Version of MinIO, as a Go module.
    pub minio: String,
    /// Version of Apache Iceberg's own REST catalog.
    #[serde(rename = "iceberg-rest")]
    pub iceberg_rest: String,
    /// Version of Nessie, a REST catalog with authentication.
    pub nessie: String,
}

/// Debian packages that only tests use.
const TEST_PACKAGES: [&str; 3] = ["chromium", "default-jdk-headless", "fonts-dejavu-core"];
/// Debian packages that the installation of the object store needs.
const STORE_PACKAGES: [&str; 3] = ["curl", "python3", "python3-venv"];

impl Versions {
    /// Reads `xtask/versions.toml`.
    pub fn read(paths: &Paths) -> Result<Self> {
        let file = paths.checkout.join("xtask/versions.toml");
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not what setup expects", file.display()))
    }

    /// Returns the Debian packages, each with the path that shows its presence.
    pub fn apt(&self, wanted: ToolSet) -> Vec<(&str, &str)> {
        self.apt
            .iter()
            .filter(|(package, _)| match package.as_str() {
                package if TEST_PACKAGES.contains(&package) => wanted >= ToolSet::Everything,
                package if STORE_PACKAGES.contains(&package) => wanted >= ToolSet::StackOnS3,
                _ => true,
            })
            .map(|(package, shown_by)| (package.as_str(), shown_by.as_str()))
            .collect()
    }

    /// Returns the versions of npm packages by name: of tools, and of the packages that are bundled for browsers.
    pub fn npm(&self, paths: &Paths) -> Result<BTreeMap<String, String>> {
        let mut packages = self.npm.clone();
        for folder in ["browser", "app/editor"] {
            let file = paths.checkout.join(folder).join("package.json");
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let bundled: Manifest = serde_json::from_str(&text)
                .with_context(|| format!("{} is not a package's manifest", file.display()))?;
            packages.extend(bundled.dependencies);
        }
        Ok(packages)
    }

    /// Returns the tools that cargo installs, with their versions. wasm-bindgen-cli has the version of the locked
    /// wasm-bindgen.
    pub fn cargo(&self, paths: &Paths) -> Result<Vec<(String, String)>> {
        let lock =
            std::fs::read_to_string(paths.checkout.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let lock: Lock = toml::from_str(&lock).context("Cargo.lock is not a lock file")?;
        let locked = lock
            .package
            .into_iter()
            .find(|package| package.name == "wasm-bindgen")
            .context("Cargo.lock names no wasm-bindgen")?;
        let mut tools = vec![("wasm-bindgen-cli".to_owned(), locked.version)];
        tools.extend(
            self.cargo
                .iter()
                .map(|(tool, version)| (tool.clone(), version.clone())),
        );
        Ok(tools)
    }
}

#[derive(Deserialize)]
struct Manifest {
    dependencies: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}
