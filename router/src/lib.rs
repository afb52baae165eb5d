//! The Cloudflare Worker: routes each query to an engine and serves the dashboard.
//!
//! Libraries make the decisions. `lakefront-query` plans each query, `lakefront-clickhouse-http` implements the
//! engines' protocol, and `lakefront-app` renders the pages. This crate has the rest: bindings, fetches, the cached
//! status of each engine, and problem documents as replies. The modules that do not depend on the Worker's runtime also
//! build natively, where they are tested.

// The types of the dashboard's views are deeply nested.
#![recursion_limit = "512"]

pub mod attempts;
pub mod belief;
pub mod config;
pub mod decision;
mod error;
pub mod failure;
pub mod guard;
pub mod headers;
pub mod lanes;
pub mod nearest;
pub mod place;
pub mod problem;
pub mod report;

#[cfg(target_arch = "wasm32")]
mod cf;
#[cfg(target_arch = "wasm32")]
mod clock;
#[cfg(target_arch = "wasm32")]
mod container;
#[cfg(target_arch = "wasm32")]
mod dashboard;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod fetch;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod json_body;
#[cfg(target_arch = "wasm32")]
mod otlp;
#[cfg(target_arch = "wasm32")]
mod reporter;
#[cfg(target_arch = "wasm32")]
mod routes;
#[cfg(target_arch = "wasm32")]
mod visit;
#[cfg(target_arch = "wasm32")]
mod whole;

pub use error::ConfigError;
