//! Realistic traffic of a small web shop, through the OpenTelemetry SDK.

fn main() {}
