//! The lake as those see it who write to it and read from it.

mod common;

mod commits;
mod history;
mod readers;
mod strays;
mod writers;
