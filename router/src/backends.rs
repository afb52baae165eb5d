//! The engines that answer queries: their clients, their cached status, and the failover from one to the next. Beside
//! them, the container of the keeper.

pub mod failover;
pub mod failure;
pub mod report;
pub mod status;

#[cfg(target_arch = "wasm32")]
pub(crate) mod container;
#[cfg(target_arch = "wasm32")]
pub(crate) mod engine;
#[cfg(target_arch = "wasm32")]
pub(crate) mod fetch;
#[cfg(target_arch = "wasm32")]
pub(crate) mod ingest;
#[cfg(target_arch = "wasm32")]
pub(crate) mod keeper;
