//! The Arrow schemas of the tables, and builders that turn decoded requests into record batches.
//!
//! There is one builder per signal. It appends requests directly to columns, until [`finish`](LogsBuilder::finish)
//! returns them as record batches with the schema of [`arrow_schema()`].

mod batch;
mod column;
mod error;
mod logs;

mod metrics;
mod promoted;
mod schema;
mod size;
mod traces;

pub use error::{AppendError, Appended};
pub use logs::{LogsBuilder, size_of as logs_size};
pub use metrics::{MetricsBuilder, size_of as metrics_size};

pub use schema::arrow_schema;
pub use size::MAX_BATCH_BYTES;
pub use traces::{TracesBuilder, size_of as traces_size};
