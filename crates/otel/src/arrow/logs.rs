//! The builder of record batches of `otel_logs`.

use arrow_array::RecordBatch;
use arrow_array::builder::{Int32Builder, Int64Builder};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;

use super::batch::{columns, finish};
use super::column::{MapColumn, TextColumn, TimeColumn};
use super::error::{AppendError, Appended};
use super::promoted::PromotedColumns;
use super::size;
use crate::map::{LogRow, Mapper, RequestContext, Resource, Scope};
use crate::tables::{LOGS, table};

/// A builder that collects log records until they are finished into a batch.
#[derive(Default)]
pub struct LogsBuilder {
    mapper: Mapper,
    columns: Columns,
    rows: usize,
    bytes: usize,
}

impl LogsBuilder {
    /// Returns an empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends all records of a request. Their row ids count up from `first_row_id`.
    ///
    /// # Errors
    /// When the request does not fit the batch; nothing was appended then.
    pub fn append(
        &mut self,
        request: &ExportLogsServiceRequest,
        context: &RequestContext<'_>,
        first_row_id: i64,
    ) -> Result<Appended, AppendError> {
        self.append_sized(request, context, first_row_id, size_of(request))
    }

    /// Appends a request whose approximate bytes as columns the caller has computed; see [`Self::append`].
    ///
    /// # Errors
    /// When the request does not fit the batch; nothing was appended then.
    pub fn append_sized(
        &mut self,
        request: &ExportLogsServiceRequest,
        context: &RequestContext<'_>,
        first_row_id: i64,
        bytes: usize,
    ) -> Result<Appended, AppendError> {
        size::check(self.bytes, bytes)?;
        let before = self.rows;
        for resource_logs in &request.resource_logs {
            let resource = self.mapper.resource(
                resource_logs.resource.as_ref(),
                &resource_logs.schema_url,
                context,
            );
            for scope_logs in &resource_logs.scope_logs {
                let scope = Scope::new(scope_logs.scope.as_ref(), &scope_logs.schema_url);
                for record in &scope_logs.log_records {
                    let row = self.mapper.log(record, &resource);
                    self.columns.append(
                        self.rows,
                        &row,
                        &resource,
                        &scope,
                        first_row_id + (self.rows - before) as i64,
                    );
                    self.rows += 1;
                }
            }
        }
        self.bytes += bytes;
        Ok(Appended {
            rows: (self.rows - before) as u64,
            ..Appended::default()
        })
    }

    /// Returns the number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the approximate bytes of the columns so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Finishes the rows into a batch, and empties the builder.
    pub fn finish(&mut self) -> RecordBatch {
        self.columns.promoted.fill(self.rows);
        (self.rows, self.bytes) = (0, 0);
        finish(table(LOGS).expect("a table of ours"), self.columns.columns())
    }
}

/// Returns the approximate bytes of a request as columns. A request above [`MAX_BATCH_BYTES`](super::MAX_BATCH_BYTES)
/// is not appended.
pub fn size_of(request: &ExportLogsServiceRequest) -> usize {
    let of_scopes = request
        .resource_logs
        .iter()
        .flat_map(|logs| logs.scope_logs.iter().map(move |scope| (logs, scope)));
    let repeated = of_scopes.map(|(logs, scope)| {
        (size::shared(logs.resource.as_ref(), scope.scope.as_ref()) + size::ROW) * scope.log_records.len()
    });
    repeated.sum::<usize>() + 2 * request.encoded_len()
}

columns! {
    struct Columns(index: usize, row: &LogRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>, row_id: i64) {
        timestamp: TimeColumn, "Timestamp" => timestamp.append_value(row.timestamp);
        observed: TimeColumn, "ObservedTimestamp" => observed.append_value(row.observed_timestamp);
        trace_id: TextColumn, "TraceId" => trace_id.append_value(row.trace_id.as_str());
        span_id: TextColumn, "SpanId" => span_id.append_value(row.span_id.as_str());
        trace_flags: Int32Builder, "TraceFlags" => trace_flags.append_value(row.trace_flags);
        severity_text: TextColumn, "SeverityText" => severity_text.append_value(row.severity_text);
        severity_number: Int32Builder, "SeverityNumber" => severity_number.append_value(row.severity_number);
        service_name: TextColumn, "ServiceName" => service_name.append_value(&resource.service_name);
        body: TextColumn, "Body" => body.append_any(row.body);
        resource_schema_url: TextColumn, "ResourceSchemaUrl" => resource_schema_url.append_value(resource.schema_url);
        resource_attributes: MapColumn, "ResourceAttributes" => resource_attributes.append_texts(&resource.attributes);
        scope_schema_url: TextColumn, "ScopeSchemaUrl" => scope_schema_url.append_value(scope.schema_url);
        scope_name: TextColumn, "ScopeName" => scope_name.append_value(scope.name);
        scope_version: TextColumn, "ScopeVersion" => scope_version.append_value(scope.version);
        scope_attributes: MapColumn, "ScopeAttributes" => scope_attributes.append_texts(&scope.attributes);
        log_attributes: MapColumn, "LogAttributes" => log_attributes.append(row.attributes);
        event_name: TextColumn, "EventName" => event_name.append_value(&row.event_name);
        id: Int64Builder, "RowId" => id.append_value(row_id);
        promoted: PromotedColumns, .. => promoted.append(index, &row.promoted);
    }
}
