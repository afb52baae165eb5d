//! OTLP/HTTP in, Iceberg out.

fn main() {}
