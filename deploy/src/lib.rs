//! The whole system on Cloudflare and Fly.io, from one file.
//!
//! `lakefront.toml` ([`config`]) describes a [`system`]: resources, secrets, and files to deploy. [`plan`] compares it with what
//! exists, and [`deploy`] carries out the steps. Configuration, system, plan and costs are pure functions; [`api`] and [`programs`]
//! do I/O.
//!
//! Deliberately absent: a state file. The accounts are the state: names recognise resources, and the variable `DEPLOYMENT` of the
//! Worker and of each app recognises what runs.

pub mod api;
pub mod artifacts;
pub mod check;
pub mod config;
pub mod cost;
pub mod deploy;
mod error;
pub mod existing;
pub mod plan;
pub mod print;
pub mod programs;
pub mod secrets;
pub mod system;

pub use error::{Error, Result};
