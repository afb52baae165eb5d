//! The builder of record batches of `otel_traces`.

use arrow_array::RecordBatch;
use arrow_array::builder::Int64Builder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::batch::{columns, finish};
use super::column::{ListColumn, MapColumn, TextColumn, TimeColumn};
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
        self.columns.promoted.fill(self.rows);
        (self.rows, self.bytes) = (0, 0);
        finish(table(TRACES).expect("a table of ours"), self.columns.columns())
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

columns! {
    struct Columns(index: usize, row: &SpanRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>, row_id: i64) {
        timestamp: TimeColumn, "Timestamp" => timestamp.append_value(row.timestamp);
        trace_id: TextColumn, "TraceId" => trace_id.append_value(row.trace_id.as_str());
        span_id: TextColumn, "SpanId" => span_id.append_value(row.span_id.as_str());
        parent_span_id: TextColumn, "ParentSpanId" => parent_span_id.append_value(row.parent_span_id.as_str());
        trace_state: TextColumn, "TraceState" => trace_state.append_value(&row.span.trace_state);
        span_name: TextColumn, "SpanName" => span_name.append_value(&row.span.name);
        span_kind: TextColumn, "SpanKind" => span_kind.append_value(row.span_kind);
        service_name: TextColumn, "ServiceName" => service_name.append_value(&resource.service_name);
        resource_attributes: MapColumn, "ResourceAttributes" => resource_attributes.append_texts(&resource.attributes);
        scope_name: TextColumn, "ScopeName" => scope_name.append_value(scope.name);
        scope_version: TextColumn, "ScopeVersion" => scope_version.append_value(scope.version);
        span_attributes: MapColumn, "SpanAttributes" => span_attributes.append(&row.span.attributes);
        duration: Int64Builder, "Duration" => duration.append_value(row.duration);
        status_code: TextColumn, "StatusCode" => status_code.append_value(row.status_code);
        status_message: TextColumn, "StatusMessage" => status_message.append_value(row.status_message);
        event_times: ListColumn<TimeColumn>, "Events.Timestamp" => event_times
            .append(&row.span.events, |times, event| times.append_value(micros(event.time_unix_nano, row.timestamp)));
        event_names: ListColumn<TextColumn>, "Events.Name" => event_names
            .append(&row.span.events, |names, event| names.append_value(&event.name));
        event_attributes: ListColumn<MapColumn>, "Events.Attributes" => event_attributes
            .append(&row.span.events, |maps, event| maps.append(&event.attributes));
        link_trace_ids: ListColumn<TextColumn>, "Links.TraceId" => link_trace_ids
            .append(&row.span.links, |ids, link| ids.append_value(hex_id::<16>(&link.trace_id).as_str()));
        link_span_ids: ListColumn<TextColumn>, "Links.SpanId" => link_span_ids
            .append(&row.span.links, |ids, link| ids.append_value(hex_id::<8>(&link.span_id).as_str()));
        link_trace_states: ListColumn<TextColumn>, "Links.TraceState" => link_trace_states
            .append(&row.span.links, |states, link| states.append_value(&link.trace_state));
        link_attributes: ListColumn<MapColumn>, "Links.Attributes" => link_attributes
            .append(&row.span.links, |maps, link| maps.append(&link.attributes));
        id: Int64Builder, "RowId" => id.append_value(row_id);
        promoted: PromotedColumns, .. => promoted.append(index, &row.promoted);
    }
}
