//! The definition of the table `otel_logs`: one row per log record.

use super::{LOGS, ROW_ID, promoted::PROMOTED};
use crate::table::{ColumnDef as C, ColumnType::*, Table};

const COLUMNS: &[C] = &[
    C::required(
        "Timestamp",
        Timestamp,
        "When it happened: the record's time, else the observed time, else arrival.",
    ),
    C::required(
        "ObservedTimestamp",
        Timestamp,
        "When it was observed, else arrival.",
    ),
    C::required("TraceId", String, "Trace, 32 hex digits, or `''`."),
    C::required("SpanId", String, "Span, 16 hex digits, or `''`."),
    C::required(
        "TraceFlags",
        Int,
        "W3C trace flags (the low 8 bits of the record's flags).",
    ),
    C::required("SeverityText", String, "Severity as the source calls it.").low_cardinality(),
    C::required(
        "SeverityNumber",
        Int,
        "Severity from 1 (TRACE) to 24 (FATAL4), 0 when not given; 17 and up are errors.",
    ),
    C::required("ServiceName", String, "`service.name` of the resource.").low_cardinality(),
    C::required("Body", String, "The body; other than a string as JSON."),
    C::required(
        "ResourceSchemaUrl",
        String,
        "Schema of the resource's attributes.",
    )
    .low_cardinality(),
    C::required(
        "ResourceAttributes",
        StringMap,
        "Attributes of the resource; values other than strings as JSON.",
    ),
    C::required("ScopeSchemaUrl", String, "Schema of the scope's attributes.").low_cardinality(),
    C::required("ScopeName", String, "Name of the instrumentation scope.").low_cardinality(),
    C::required("ScopeVersion", String, "Version of the instrumentation scope.").low_cardinality(),
    C::required(
        "ScopeAttributes",
        StringMap,
        "Attributes of the instrumentation scope.",
    ),
    C::required("LogAttributes", StringMap, "Attributes of the record."),
    C::required(
        "EventName",
        String,
        "Name of the event: the record's, else attribute `event.name`.",
    )
    .low_cardinality(),
];

pub(super) fn table() -> Table {
    Table::new(
        LOGS,
        "One row per log record; browser and other events are log records with an EventName.",
        &[&[COLUMNS, &[ROW_ID], PROMOTED]],
        "Timestamp",
        &["ServiceName", "EventName", "Timestamp", "RowId"],
        &["TraceId", "UserId", "SessionId"],
    )
}
