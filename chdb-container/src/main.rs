//! HTTP around chDB: the ClickHouse interface over the lake.

fn main() {}
