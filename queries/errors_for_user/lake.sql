SELECT
    Timestamp AS time,
    -- ClickHouse keeps these as dictionaries.
    ErrorType::String AS error_type,
    ErrorMessage AS message,
    ServiceName::String AS service,
    PageRoute::String AS page,
    TraceId AS trace_id,
    RowId AS row_id
FROM
(
    SELECT Timestamp, ErrorType, ErrorMessage, ServiceName, Environment, PageRoute, TraceId, UserId, RowId FROM otel_logs
    UNION ALL
    SELECT Timestamp, ErrorType, ErrorMessage, ServiceName, Environment, PageRoute, TraceId, UserId, RowId FROM otel_traces
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND UserId = {user_id:String}
    AND ErrorType != ''
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
ORDER BY time DESC, row_id DESC
LIMIT {limit:UInt64}
