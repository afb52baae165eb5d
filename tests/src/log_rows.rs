//! Rows of log records for a lake, without ingest.

use anyhow::Result;
use arrow_array::RecordBatch;
use lakefront_lake::Lake;
use lakefront_otel::arrow::LogsBuilder;
use lakefront_otel::map::RequestContext;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

/// Returns the rows of `otel_logs` for a request. `first` is the position of its first row in a log.
///
/// # Errors
/// Returns an error if the rows are too large.
pub fn log_rows(request: &ExportLogsServiceRequest, first: i64) -> Result<RecordBatch> {
    let context = RequestContext {
        sender: None,
        user_agent: "",
        country: "",
        arrival: 0,
    };
    let mut builder = LogsBuilder::new();
    builder.append(request, &context, first)?;
    Ok(builder.finish())
}

/// Commits one data file with log records to a lake.
///
/// # Errors
/// Returns an error if the rows are too large, or the lake fails.
pub async fn append_logs(lake: &Lake, log_records: Vec<LogRecord>, first: i64) -> Result<()> {
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    let written = lake.write("otel_logs", log_rows(&request, first)?).await?;
    lake.append("otel_logs", &written, None).await?;
    Ok(())
}
