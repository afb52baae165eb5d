//! The developer's commands: setup, up, demo, test, bench.

fn main() {}
