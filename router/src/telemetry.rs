//! The router's own telemetry: one OTLP log event for each query, sent to ingest in batches.

pub mod event;
#[cfg(target_arch = "wasm32")]
pub(crate) mod exporter;
