SELECT
    Timestamp AS time,
    SeverityNumber AS severity,
    -- ClickHouse keeps these as dictionaries.
    SeverityText::String AS severity_text,
    ServiceName::String AS service,
    EventName::String AS event,
    substringUTF8(if(Body != '', Body, ErrorMessage), 1, 1000) AS body,
    PagePath AS page,
    TraceId AS trace_id,
    {columns:Array(String)} AS columns,
    RowId AS row_id
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND (Timestamp < {before_time:DateTime64(6)} OR Timestamp = {before_time:DateTime64(6)} AND RowId < {before_row:Int64})
    AND {condition:Bool}
ORDER BY time DESC, row_id DESC
LIMIT {limit:UInt64}
