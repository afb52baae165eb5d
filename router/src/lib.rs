//! The Cloudflare Worker: routes each query to an engine and serves the dashboard.
//!
//! Libraries make the decisions. `lakefront-query` plans each query, `lakefront-clickhouse-http` implements the
//! engines' protocol, and `lakefront-app` renders the pages. This crate has the rest: bindings, fetches, the cached
//! status of each engine, and problem documents as replies. The modules that do not depend on the Worker's runtime also
//! build natively, where they are tested.

// The types of the dashboard's views are deeply nested.
#![recursion_limit = "512"]

pub mod auth;
pub mod backends;
pub mod config;
mod error;
pub mod geo;
pub mod headers;
pub mod landing;
pub mod lanes;
pub mod problem;
pub mod telemetry;
pub mod watch;

#[cfg(target_arch = "wasm32")]
mod body;
#[cfg(target_arch = "wasm32")]
mod cf;
#[cfg(target_arch = "wasm32")]
mod clock;
#[cfg(target_arch = "wasm32")]
mod dashboard;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod json_body;
#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod otlp;
#[cfg(target_arch = "wasm32")]
mod request;
#[cfg(target_arch = "wasm32")]
mod routes;
#[cfg(target_arch = "wasm32")]
mod settled;
#[cfg(target_arch = "wasm32")]
mod state;
#[cfg(target_arch = "wasm32")]
mod tail;
#[cfg(target_arch = "wasm32")]
mod timer;

pub use error::ConfigError;
