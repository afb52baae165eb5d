-- Each error of a user, of logs and of spans, in few columns and by user: where the raw tables have it among millions of rows.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    UserId,
    Timestamp,
    RowId,
    maxSimpleState(ErrorType::String) AS Type,
    maxSimpleState(ErrorMessage) AS Message,
    maxSimpleState(PageRoute::String) AS Page,
    maxSimpleState(TraceId) AS Trace
FROM otel_logs
WHERE ErrorType != '' AND UserId != ''
GROUP BY Day, ServiceName, Environment, UserId, Timestamp, RowId;

SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    UserId,
    Timestamp,
    RowId,
    maxSimpleState(ErrorType::String) AS Type,
    maxSimpleState(ErrorMessage) AS Message,
    maxSimpleState(PageRoute::String) AS Page,
    maxSimpleState(TraceId) AS Trace
FROM otel_traces
WHERE ErrorType != '' AND UserId != ''
GROUP BY Day, ServiceName, Environment, UserId, Timestamp, RowId;
