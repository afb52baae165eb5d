//! The embedded stack on one machine: every program as a child process, from a folder to a dashboard's address.
//!
//! Both `cargo xtask up` and the program `lakefront` of the release archive are thin shells around this crate. They differ in
//! where the programs are ([`Installation`]).
//!
//! Deliberately absent: anything that builds or downloads.

pub mod doctor;
mod installation;
mod local;
pub mod process;
pub mod stack;
pub mod status;
pub mod up;

pub use installation::Installation;
pub use local::{LOCATION_HEADER, Lake, Local, Ports, Tier, demo};
