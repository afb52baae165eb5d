//! The parts of OTLP that only a server of its own has: compression, and the errors of gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

mod compression;
mod status;

pub use compression::{Compression, DecompressError};
pub use status::{RetryInfo, StatusWithRetry};
