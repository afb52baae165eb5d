//! OTLP as the specification defines it: media types, responses, errors.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

mod compression;
mod format;
mod response;
mod status;

pub use compression::{Compression, DecompressError};
pub use format::Format;
pub use response::{PartialSuccess, export_response};
pub use status::{RetryInfo, Status, StatusWithRetry};
