//! The builder of record batches of `otel_traces`.

use arrow_array::RecordBatch;
use arrow_array::builder::{Int64Builder, TimestampMicrosecondBuilder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use prost::Message;

use super::batch::{columns, finish};
use super::column::{ListColumn, MapColumn, TextColumn, timestamps};
use super::error::{AppendError, Appended};
use super::promoted::PromotedColumns;
use super::size;
use crate::map::{Mapper, PassedOn, RequestContext, Resource, Scope, SpanRow, hex_id, micros};
use crate::tables::{TRACES, table};

/// A builder that collects spans until they are finished into a batch.
#[derive(Default)]
pub struct TracesBuilder {
    mapper: Mapper,
    columns: Columns,
    rows: usize,
    bytes: usize,
}

impl TracesBuilder {
    /// Returns an empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends all spans of a request that have valid ids, and rejects the others. Row ids count up from
    /// `first_row_id`.
    ///
    /// # Errors
    /// When the request does not fit the batch; nothing was appended then.
    pub fn append(
        &mut self,
        request: &ExportTraceServiceRequest,
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
        request: &ExportTraceServiceRequest,
        context: &RequestContext<'_>,
        first_row_id: i64,
        bytes: usize,
    ) -> Result<Appended, AppendError> {
        size::check(self.bytes, bytes)?;
        let before = self.rows;
        let mut appended = Appended::default();
        for resource_spans in &request.resource_spans {
            let resource = self.mapper.resource(
                resource_spans.resource.as_ref(),
                &resource_spans.schema_url,
                context,
            );
            let passed_on = PassedOn::of(resource_spans);
            for scope_spans in &resource_spans.scope_spans {
                let scope = Scope::new(scope_spans.scope.as_ref(), &scope_spans.schema_url);
                for span in &scope_spans.spans {
                    let Some(mut row) = self.mapper.span(span, &resource) else {
                        appended.rejected += 1;
                        appended.reason = Some(
                            "a span needs a trace id of 16 bytes and a span id of 8 bytes, not all zero",
                        );
                        continue;
                    };
                    if passed_on.contains(span) {
                        row.pass_on();
                    }
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
        appended.rows = (self.rows - before) as u64;
        Ok(appended)
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
pub fn size_of(request: &ExportTraceServiceRequest) -> usize {
    let of_scopes = request
        .resource_spans
        .iter()
        .flat_map(|spans| spans.scope_spans.iter().map(move |scope| (spans, scope)));
    let repeated = of_scopes.map(|(spans, scope)| {
        (size::shared(spans.resource.as_ref(), scope.scope.as_ref()) + size::ROW) * scope.spans.len()
    });
    repeated.sum::<usize>() + 4 * request.encoded_len()
}

struct Columns {
    timestamp: TimestampMicrosecondBuilder,
    trace_id: TextColumn,
    span_id: TextColumn,
    parent_span_id: TextColumn,
    trace_state: TextColumn,
    span_name: TextColumn,
    span_kind: TextColumn,
    service_name: TextColumn,
    resource_attributes: MapColumn,
    scope_name: TextColumn,
    scope_version: TextColumn,
    span_attributes: MapColumn,
    duration: Int64Builder,
    status_code: TextColumn,
    status_message: TextColumn,
    events_timestamp: ListColumn<TimestampMicrosecondBuilder>,
    events_name: ListColumn<TextColumn>,
    events_attributes: ListColumn<MapColumn>,
    links_trace_id: ListColumn<TextColumn>,
    links_span_id: ListColumn<TextColumn>,
    links_trace_state: ListColumn<TextColumn>,
    links_attributes: ListColumn<MapColumn>,
    row_id: Int64Builder,
    promoted: PromotedColumns,
    rows: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            timestamp: timestamps(),
            trace_id: TextColumn::default(),
            span_id: TextColumn::default(),
            parent_span_id: TextColumn::default(),
            trace_state: TextColumn::default(),
            span_name: TextColumn::default(),
            span_kind: TextColumn::default(),
            service_name: TextColumn::default(),
            resource_attributes: MapColumn::default(),
            scope_name: TextColumn::default(),
            scope_version: TextColumn::default(),
            span_attributes: MapColumn::default(),
            duration: Int64Builder::new(),
            status_code: TextColumn::default(),
            status_message: TextColumn::default(),
            events_timestamp: ListColumn::new(timestamps()),
            events_name: ListColumn::default(),
            events_attributes: ListColumn::default(),
            links_trace_id: ListColumn::default(),
            links_span_id: ListColumn::default(),
            links_trace_state: ListColumn::default(),
            links_attributes: ListColumn::default(),
            row_id: Int64Builder::new(),
            promoted: PromotedColumns::default(),
            rows: 0,
        }
    }
}

impl Columns {
    fn append(&mut self, row: &SpanRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>, row_id: i64) {
        let span = row.span;
        self.timestamp.append_value(row.timestamp);
        self.trace_id.append_value(row.trace_id.as_str());
        self.span_id.append_value(row.span_id.as_str());
        self.parent_span_id.append_value(row.parent_span_id.as_str());
        self.trace_state.append_value(&span.trace_state);
        self.span_name.append_value(&span.name);
        self.span_kind.append_value(row.span_kind);
        self.service_name.append_value(&resource.service_name);
        self.resource_attributes.append_texts(&resource.attributes);
        self.scope_name.append_value(scope.name);
        self.scope_version.append_value(scope.version);
        self.span_attributes.append(&span.attributes);
        self.duration.append_value(row.duration);
        self.status_code.append_value(row.status_code);
        self.status_message.append_value(row.status_message);
        self.append_events(&span.events, row.timestamp);
        self.append_links(&span.links);
        self.row_id.append_value(row_id);
        self.promoted.append(self.rows, &row.promoted);
        self.rows += 1;
    }

    fn append_events(&mut self, events: &[Event], span_start: i64) {
        for event in events {
            self.events_timestamp
                .elements
                .append_value(micros(event.time_unix_nano, span_start));
            self.events_name.elements.append_value(&event.name);
            self.events_attributes.elements.append(&event.attributes);
        }
        self.events_timestamp.close(events.len());
        self.events_name.close(events.len());
        self.events_attributes.close(events.len());
    }

    fn append_links(&mut self, links: &[Link]) {
        for link in links {
            self.links_trace_id
                .elements
                .append_value(hex_id::<16>(&link.trace_id).as_str());
            self.links_span_id
                .elements
                .append_value(hex_id::<8>(&link.span_id).as_str());
            self.links_trace_state.elements.append_value(&link.trace_state);
            self.links_attributes.elements.append(&link.attributes);
        }
        self.links_trace_id.close(links.len());
        self.links_span_id.close(links.len());
        self.links_trace_state.close(links.len());
        self.links_attributes.close(links.len());
    }

    fn finish(&mut self) -> RecordBatch {
        let mut columns = columns!(self;
            timestamp = "Timestamp",
            trace_id = "TraceId",
            span_id = "SpanId",
            parent_span_id = "ParentSpanId",
            trace_state = "TraceState",
            span_name = "SpanName",
            span_kind = "SpanKind",
            service_name = "ServiceName",
            resource_attributes = "ResourceAttributes",
            scope_name = "ScopeName",
            scope_version = "ScopeVersion",
            span_attributes = "SpanAttributes",
            duration = "Duration",
            status_code = "StatusCode",
            status_message = "StatusMessage",
            events_timestamp = "Events.Timestamp",
            events_name = "Events.Name",
            events_attributes = "Events.Attributes",
            links_trace_id = "Links.TraceId",
            links_span_id = "Links.SpanId",
            links_trace_state = "Links.TraceState",
            links_attributes = "Links.Attributes",
            row_id = "RowId",
        );
        columns.extend(self.promoted.columns(std::mem::take(&mut self.rows)));
        finish(table(TRACES).expect("a table of ours"), columns)
    }
}
