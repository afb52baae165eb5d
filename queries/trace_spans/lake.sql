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
-- No PREWHERE: the table is a view in a lake that an older version made.
WHERE TraceId = {trace_id:String} AND Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time, row_id
LIMIT {limit:UInt64}
