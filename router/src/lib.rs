//! The Worker: routes each query to an engine and serves the dashboard.
//!
//! Decisions are made elsewhere: `lakefront-query` plans, `lakefront-clickhouse-http` speaks to engines,
//! `lakefront-app` draws. Here is what is left: bindings, fetches, what is believed of engines, problems as replies.
//! The modules that need no Worker around them also build natively, where they are tested.

// The types of the dashboard's views nest deep.
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
