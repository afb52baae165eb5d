SELECT
    Timestamp AS time,
    -- ClickHouse keeps these as dictionaries.
    ServiceName::String AS service,
    SpanName::String AS name,
    SpanKind::String AS kind,
    Duration / 1e6 AS duration_ms,
    StatusCode::String AS status,
    substringUTF8(if(ErrorMessage != '', ErrorMessage, StatusMessage), 1, 1000) AS message,
    HttpStatusCode AS http_status,
    TraceId AS trace_id,
    {columns:Array(String)} AS columns,
    RowId AS row_id
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND (Timestamp < {before_time:DateTime64(6)} OR Timestamp = {before_time:DateTime64(6)} AND RowId < {before_row:Int64})
    AND {condition:Bool}
ORDER BY time DESC, row_id DESC
LIMIT {limit:UInt64}
