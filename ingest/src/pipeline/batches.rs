//! The columns of all tables that are being filled for the next commit.

use arrow_array::RecordBatch;
use lakefront_otel::{
    LOGS, TRACES,
    arrow::{AppendError, Appended, LogsBuilder, MetricsBuilder, TracesBuilder},
    map::RequestContext,
};

use crate::request::Request;

/// The columns of all tables.
#[derive(Default)]
pub struct Batches {
    logs: LogsBuilder,
    traces: TracesBuilder,
    metrics: MetricsBuilder,
}

impl Batches {
    /// Appends the rows of a request. Their ids count up from `first_row_id`.
    ///
    /// # Errors
    /// Returns an error if the columns have no room for the request, or the request is too large for any columns.
    pub fn append(
        &mut self,
        request: &Request,
        context: &RequestContext<'_>,
        first_row_id: i64,
    ) -> Result<Appended, AppendError> {
        match request {
            Request::Logs(logs) => self.logs.append(logs, context, first_row_id),
            Request::Traces(traces) => self.traces.append(traces, context, first_row_id),
            Request::Metrics(metrics) => self.metrics.append(metrics, context, first_row_id),
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
