//! Sends events as OTLP/HTTP, through the OpenTelemetry SDK's own providers and exporters.

mod batches;
mod logs;
mod metrics;
mod outbox;
mod sender;
mod spans;
mod summary;
mod tally;
mod values;
mod wire;

pub use sender::Sender;
pub use tally::{Signal, Tally};
pub use wire::Wire;
