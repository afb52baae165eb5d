//! The prices, which are data: `prices.toml` has a comment for each.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The content of `prices.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    pub read: String,
    pub workers: Workers,
    pub containers: Containers,
    pub pipelines: Pipelines,
    pub r2: R2,
    pub catalog: Catalog,
    pub fly: Fly,
    pub assumed: Assumed,
}

/// Prices of Workers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    pub source: String,
    pub month: f64,
    pub included_million_requests: f64,
    pub million_requests: f64,
    pub included_million_cpu_ms: f64,
    pub million_cpu_ms: f64,
}

/// Prices of Containers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Containers {
    pub source: String,
    pub included_gib_hours: f64,
    pub gib_second: f64,
    pub included_vcpu_minutes: f64,
    pub vcpu_second: f64,
    pub included_disk_gb_hours: f64,
    pub disk_gb_second: f64,
    pub types: BTreeMap<String, Instance>,
}

/// An instance type of a container.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    pub vcpu: f64,
    pub memory_gib: f64,
    pub disk_gb: f64,
}

/// Prices of Pipelines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipelines {
    pub source: String,
    pub included_gb: f64,
    pub sql_gb: f64,
    pub iceberg_gb: f64,
}

/// Prices of R2.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct R2 {
    pub source: String,
    pub included_gb_month: f64,
    pub gb_month: f64,
    pub included_million_writes: f64,
    pub million_writes: f64,
}

/// Prices of R2 Data Catalog.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    pub source: String,
    pub included_million_operations: f64,
    pub million_operations: f64,
}

/// Prices of Fly.io.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fly {
    pub source: String,
    pub memory_gb_month: f64,
    pub volume_gb_month: f64,
    pub machines: BTreeMap<String, Machine>,
}

/// A machine of Fly.io.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    pub month: f64,
    pub memory_gb: f64,
}

/// Assumptions about events and commits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumed {
    pub event_json_bytes: f64,
    pub event_lake_bytes: f64,
    pub events_a_request: f64,
    pub cpu_ms_an_event: f64,
    pub writes_a_commit: f64,
    pub operations_a_commit: f64,
    pub keeper_seconds_a_run: f64,
}

static PRICES: LazyLock<Prices> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../queries/prices.toml"))
        .expect("prices.toml is part of the program, and a test reads it")
});

/// Returns the prices.
pub fn prices() -> &'static Prices {
    &PRICES
}
