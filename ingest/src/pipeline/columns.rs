//! The columns of all tables that are being filled for the next commit.

use arrow_array::RecordBatch;
use lakefront_otel::{
    LOGS, TRACES,
    arrow::{AppendError, Appended, LogsBuilder, MetricsBuilder, TracesBuilder},
    decode::Request,
    map::RequestContext,
};

/// The columns of all tables.
#[derive(Default)]
pub struct Columns {
    logs: LogsBuilder,
    traces: TracesBuilder,
    metrics: MetricsBuilder,
}

impl Columns {
    /// Appends the rows of a request of `bytes` approximate bytes as columns. Their ids count up from `first_row_id`.
    ///
    /// # Errors
    /// Returns an error if the columns have no room for the request, or the request is too large for any columns.
    pub fn append(
        &mut self,
        request: &Request,
        context: &RequestContext<'_>,
        first_row_id: i64,
        bytes: usize,
    ) -> Result<Appended, AppendError> {
        match request {
            Request::Logs(logs) => self.logs.append_sized(logs, context, first_row_id, bytes),
            Request::Traces(traces) => self.traces.append_sized(traces, context, first_row_id, bytes),
            Request::Metrics(metrics) => self.metrics.append_sized(metrics, context, first_row_id, bytes),
        }
    }

    /// Returns the approximate bytes of the columns.
    pub fn bytes(&self) -> usize {
        self.logs.bytes() + self.traces.bytes() + self.metrics.bytes()
    }

    /// Returns the rows by table and empties the columns.
    pub fn finish(&mut self) -> Vec<(&'static str, RecordBatch)> {
        let mut batches = vec![(LOGS, self.logs.finish()), (TRACES, self.traces.finish())];
        batches.extend(self.metrics.finish());
        batches.retain(|(_, batch)| batch.num_rows() > 0);
        batches
    }
}
