//! The builder of record batches of `otel_logs`.

use arrow_array::RecordBatch;
use arrow_array::builder::{Int32Builder, Int64Builder, TimestampMicrosecondBuilder};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;

use super::batch::{columns, finish};
use super::column::{MapColumn, TextColumn, timestamps};
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
        (self.rows, self.bytes) = (0, 0);
        self.columns.finish()
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

struct Columns {
    timestamp: TimestampMicrosecondBuilder,
    observed_timestamp: TimestampMicrosecondBuilder,
    trace_id: TextColumn,
    span_id: TextColumn,
    trace_flags: Int32Builder,
    severity_text: TextColumn,
    severity_number: Int32Builder,
    service_name: TextColumn,
    body: TextColumn,
    resource_schema_url: TextColumn,
    resource_attributes: MapColumn,
    scope_schema_url: TextColumn,
    scope_name: TextColumn,
    scope_version: TextColumn,
    scope_attributes: MapColumn,
    log_attributes: MapColumn,
    event_name: TextColumn,
    row_id: Int64Builder,
    promoted: PromotedColumns,
    rows: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            timestamp: timestamps(),
            observed_timestamp: timestamps(),
            trace_id: TextColumn::default(),
            span_id: TextColumn::default(),
            trace_flags: Int32Builder::new(),
            severity_text: TextColumn::default(),
            severity_number: Int32Builder::new(),
            service_name: TextColumn::default(),
            body: TextColumn::default(),
            resource_schema_url: TextColumn::default(),
            resource_attributes: MapColumn::default(),
            scope_schema_url: TextColumn::default(),
            scope_name: TextColumn::default(),
            scope_version: TextColumn::default(),
            scope_attributes: MapColumn::default(),
            log_attributes: MapColumn::default(),
            event_name: TextColumn::default(),
            row_id: Int64Builder::new(),
            promoted: PromotedColumns::default(),
            rows: 0,
        }
    }
}

impl Columns {
    fn append(&mut self, row: &LogRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>, row_id: i64) {
        self.timestamp.append_value(row.timestamp);
        self.observed_timestamp.append_value(row.observed_timestamp);
        self.trace_id.append_value(row.trace_id.as_str());
        self.span_id.append_value(row.span_id.as_str());
        self.trace_flags.append_value(row.trace_flags);
        self.severity_text.append_value(row.severity_text);
        self.severity_number.append_value(row.severity_number);
        self.service_name.append_value(&resource.service_name);
        self.body.append_any(row.body);
        self.resource_schema_url.append_value(resource.schema_url);
        self.resource_attributes.append_texts(&resource.attributes);
        self.scope_schema_url.append_value(scope.schema_url);
        self.scope_name.append_value(scope.name);
        self.scope_version.append_value(scope.version);
        self.scope_attributes.append_texts(&scope.attributes);
        self.log_attributes.append(row.attributes);
        self.event_name.append_value(&row.event_name);
        self.row_id.append_value(row_id);
        self.promoted.append(self.rows, &row.promoted);
        self.rows += 1;
    }

    fn finish(&mut self) -> RecordBatch {
        let mut columns = columns!(self;
            timestamp = "Timestamp",
            observed_timestamp = "ObservedTimestamp",
            trace_id = "TraceId",
            span_id = "SpanId",
            trace_flags = "TraceFlags",
            severity_text = "SeverityText",
            severity_number = "SeverityNumber",
            service_name = "ServiceName",
            body = "Body",
            resource_schema_url = "ResourceSchemaUrl",
            resource_attributes = "ResourceAttributes",
            scope_schema_url = "ScopeSchemaUrl",
            scope_name = "ScopeName",
            scope_version = "ScopeVersion",
            scope_attributes = "ScopeAttributes",
            log_attributes = "LogAttributes",
            event_name = "EventName",
            row_id = "RowId",
        );
        columns.extend(self.promoted.columns(std::mem::take(&mut self.rows)));
        finish(table(LOGS).expect("a table of ours"), columns)
    }
}
