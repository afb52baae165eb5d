//! Arrow schemas of the tables, and decoded requests straight into record batches.
//!
//! One builder per signal takes requests until [`finish`](LogsBuilder::finish) hands out what it holds as record
//! batches whose schema is [`arrow_schema()`]'s: no row is made in between.

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
