-- Each span by its trace, in few columns: the raw table has the spans of a trace in as many places as it has services and names.
SELECT
    TraceId,
    ServiceName,
    Environment,
    Timestamp,
    RowId,
    maxSimpleState(SpanName::String) AS Name,
    maxSimpleState(SpanKind::String) AS Kind,
    maxSimpleState(Duration) AS Lasted,
    maxSimpleState(StatusCode::String) AS Status,
    maxSimpleState(ErrorType::String) AS Type,
    maxSimpleState(ErrorMessage) AS Message,
    maxSimpleState(ErrorGroup::String) AS Grouped,
    maxSimpleState(SpanId) AS Span,
    maxSimpleState(ParentSpanId) AS Parent
FROM otel_traces
GROUP BY TraceId, ServiceName, Environment, Timestamp, RowId
