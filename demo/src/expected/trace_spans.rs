//! The expected answer of `trace_spans`.

use super::error_queries::GroupOf;
use super::{Arguments, Cell, Row};
use crate::{Event, Kind, Record};

/// Returns the spans of a trace by their start.
///
/// Columns: time, service, name, kind, duration_ms, status, error_type, error_message, error_group, span_id,
/// parent_span_id, row_id.
pub fn trace_spans(events: &[Event], arguments: &Arguments, group_of: GroupOf<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for event in arguments.exact(events) {
        let Record::Span(span) = &event.record else {
            continue;
        };
        if format!("{:032x}", span.context.trace_id) != arguments.trace_id {
            continue;
        }
        let error = event.facts.error.as_ref();
        let kind = match span.kind {
            Kind::Internal => "Internal",
            Kind::Server => "Server",
            Kind::Client => "Client",
            Kind::Consumer => "Consumer",
        };
        let hex = |id: u64| Cell::Text(format!("{id:016x}"));
        rows.push((
            event.time,
            vec![
                Cell::Time(event.time),
                event.source.service.name().into(),
                span.name.as_ref().into(),
                kind.into(),
                Cell::Share(span.duration as f64 / 1e3),
                if span.error.is_some() { "Error" } else { "Unset" }.into(),
                error.map_or("", |error| error.fault.error_type()).into(),
                error.map_or("", |error| &error.message).into(),
                Cell::Text(error.map(group_of).unwrap_or_default()),
                hex(span.context.span_id),
                span.parent.map_or_else(|| "".into(), hex),
                Cell::Any,
            ],
        ));
    }
    rows.sort_by_key(|(time, _)| *time);
    rows.truncate(arguments.limit);
    rows.into_iter().map(|(_, row)| row).collect()
}
