//! The embedded stack on one machine: starts every program as a child process over one data folder.
//!
//! Both `cargo xtask up` and the program `lakefront` of the release archive are thin shells around this crate. They
//! differ in the place of the programs ([`Installation`]).
//!
//! Deliberately absent: code that builds or downloads.

pub mod doctor;
mod installation;
mod local_stack;
pub mod process;
pub mod status;
pub mod supervisor;
pub mod up;

pub use installation::{Installation, user_folder};
pub use local_stack::{LOCATION_HEADER, Lake, LocalStack, Ports, Tier, demo};
