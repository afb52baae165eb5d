SELECT
    Timestamp AS time,
    -- ClickHouse keeps these as dictionaries.
    ServiceName::String AS service,
    SpanName::String AS name,
    SpanKind::String AS kind,
    Duration / 1e6 AS duration_ms,
    StatusCode::String AS status,
    ErrorType::String AS error_type,
    ErrorMessage AS error_message,
    ErrorGroup::String AS error_group,
    SpanId AS span_id,
    ParentSpanId AS parent_span_id,
    RowId AS row_id
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    -- When the trace was: of all days, its own are read. The same subquery twice is run once.
    AND Timestamp >= tupleElement((SELECT (min(Start), max(End)) FROM otel.otel_traces_trace_id_ts WHERE TraceId = {trace_id:String}), 1)
    AND Timestamp <= tupleElement((SELECT (min(Start), max(End)) FROM otel.otel_traces_trace_id_ts WHERE TraceId = {trace_id:String}), 2)
    AND TraceId = {trace_id:String}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time, row_id
LIMIT {limit:UInt64}
