-- Each span by its trace, in few columns: the raw table has the spans of a trace in as many places as it has services and names.
SELECT
    TraceId,
    Timestamp,
    RowId,
    ServiceName::String AS ServiceName,
    Environment::String AS Environment,
    SpanName::String AS SpanName,
    SpanKind::String AS SpanKind,
    Duration,
    StatusCode::String AS StatusCode,
    ErrorType::String AS ErrorType,
    ErrorMessage,
    ErrorGroup::String AS ErrorGroup,
    SpanId,
    ParentSpanId
FROM otel_traces
ORDER BY TraceId, Timestamp, RowId
