SELECT
    Timestamp AS time,
    stack,
    ErrorMessage AS message,
    -- ClickHouse keeps these as dictionaries.
    ServiceName::String AS service,
    ServiceVersion::String AS version,
    PageRoute::String AS page,
    UserId AS user_id,
    TraceId AS trace_id,
    RowId AS row_id
FROM
(
    -- Stacks are in maps, which are read of the rows that are shown and of no others.
    SELECT
        Timestamp, ErrorMessage, ServiceName, ServiceVersion, PageRoute, UserId, TraceId, RowId,
        LogAttributes['exception.stacktrace'] AS stack
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND ErrorGroup = {error_group:String}
        AND RowId IN
        (
            SELECT RowId
            FROM otel_logs
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND ErrorGroup = {error_group:String}
                AND ErrorType != ''
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            ORDER BY Timestamp DESC, RowId DESC
            LIMIT {limit:UInt64}
        )
    UNION ALL
    SELECT
        Timestamp, ErrorMessage, ServiceName, ServiceVersion, PageRoute, UserId, TraceId, RowId,
        arrayLast((attributes, name) -> name = 'exception', `Events.Attributes`, `Events.Name`)['exception.stacktrace'] AS stack
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND ErrorGroup = {error_group:String}
        AND RowId IN
        (
            SELECT RowId
            FROM otel_traces
            WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
                AND ErrorGroup = {error_group:String}
                AND ErrorType != ''
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            ORDER BY Timestamp DESC, RowId DESC
            LIMIT {limit:UInt64}
        )
)
ORDER BY time DESC, row_id DESC
LIMIT {limit:UInt64}
