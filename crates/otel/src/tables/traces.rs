//! The definition of the table `otel_traces`: one row per span.

use super::{ROW_ID, TRACES, promoted::PROMOTED};
use crate::table::{ColumnDef as C, ColumnType::*, Table};

const COLUMNS: &[C] = &[
    C::required("Timestamp", Timestamp, "Start of the span, else arrival."),
    C::required("TraceId", String, "Trace, 32 hex digits."),
    C::required("SpanId", String, "Span, 16 hex digits."),
    C::required(
        "ParentSpanId",
        String,
        "Parent span, 16 hex digits, or `''` for a root.",
    ),
    C::required("TraceState", String, "W3C trace state."),
    C::required("SpanName", String, "Name of the span.").low_cardinality(),
    C::required(
        "SpanKind",
        String,
        "`Unspecified`, `Internal`, `Server`, `Client`, `Producer` or `Consumer`.",
    )
    .low_cardinality(),
    C::required("ServiceName", String, "`service.name` of the resource.").low_cardinality(),
    C::required(
        "ResourceAttributes",
        StringMap,
        "Attributes of the resource; values other than strings as JSON.",
    ),
    C::required("ScopeName", String, "Name of the instrumentation scope.").low_cardinality(),
    C::required("ScopeVersion", String, "Version of the instrumentation scope.").low_cardinality(),
    C::required("SpanAttributes", StringMap, "Attributes of the span."),
    C::required(
        "Duration",
        Long,
        "End minus start in nanoseconds, 0 when one of them is missing or the end is earlier.",
    ),
    C::required("StatusCode", String, "`Unset`, `Ok` or `Error`.").low_cardinality(),
    C::required("StatusMessage", String, "Message of the status."),
    C::required(
        "Events.Timestamp",
        List(&Timestamp),
        "Times of the span's events.",
    ),
    C::required("Events.Name", List(&String), "Names of the span's events."),
    C::required(
        "Events.Attributes",
        List(&StringMap),
        "Attributes of the span's events.",
    ),
    C::required("Links.TraceId", List(&String), "Traces linked to."),
    C::required("Links.SpanId", List(&String), "Spans linked to."),
    C::required("Links.TraceState", List(&String), "Trace states of the links."),
    C::required("Links.Attributes", List(&StringMap), "Attributes of the links."),
];

pub(super) fn table() -> Table {
    Table::new(
        TRACES,
        "One row per span.",
        &[&[COLUMNS, &[ROW_ID], PROMOTED]],
        "Timestamp",
        &["ServiceName", "SpanName", "Timestamp", "RowId"],
        &["TraceId", "UserId", "SessionId"],
    )
}
