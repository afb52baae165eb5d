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

use crate::decode::Request;

pub use error::{AppendError, Appended};
pub use logs::{LogsBuilder, size_of as logs_size};
pub use metrics::{MetricsBuilder, size_of as metrics_size};
pub use schema::arrow_schema;
pub use size::MAX_BATCH_BYTES;
pub use traces::{TracesBuilder, size_of as traces_size};

/// Returns the approximate bytes of a request as columns. A request above [`MAX_BATCH_BYTES`] is not appended.
pub fn request_size(request: &Request) -> usize {
    match request {
        Request::Logs(logs) => logs_size(logs),
        Request::Traces(traces) => traces_size(traces),
        Request::Metrics(metrics) => metrics_size(metrics),
    }
}
