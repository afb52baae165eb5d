//! The lake as those see it who write to it and read from it.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

mod commits;
mod history;
mod readers;
mod strays;
mod writers;
