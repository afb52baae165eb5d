SELECT
    Timestamp AS time,
    ServiceName AS service,
    SpanName AS name,
    SpanKind AS kind,
    Duration / 1e6 AS duration_ms,
    StatusCode AS status,
    ErrorType AS error_type,
    ErrorMessage AS error_message,
    ErrorGroup AS error_group,
    SpanId AS span_id,
    ParentSpanId AS parent_span_id,
    RowId AS row_id
FROM mv_trace_spans
-- Without PREWHERE, ClickHouse reads all columns before it filters rows: six times the bytes.
PREWHERE TraceId = {trace_id:String}
    AND Timestamp >= {from:DateTime64(6)} AND Timestamp < {to:DateTime64(6)}
WHERE ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time, row_id
LIMIT {limit:UInt64}
