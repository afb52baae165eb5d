-- Each error of a user, of logs and of spans, in few columns and by user: where the raw tables have it among millions of rows.
SELECT
    UserId,
    ServiceName,
    Environment,
    Timestamp,
    RowId,
    maxSimpleState(ErrorType::String) AS Type,
    maxSimpleState(ErrorMessage) AS Message,
    maxSimpleState(PageRoute::String) AS Page,
    maxSimpleState(TraceId) AS Trace
FROM otel_logs
WHERE ErrorType != '' AND UserId != ''
GROUP BY UserId, ServiceName, Environment, Timestamp, RowId;

SELECT
    UserId,
    ServiceName,
    Environment,
    Timestamp,
    RowId,
    maxSimpleState(ErrorType::String) AS Type,
    maxSimpleState(ErrorMessage) AS Message,
    maxSimpleState(PageRoute::String) AS Page,
    maxSimpleState(TraceId) AS Trace
FROM otel_traces
WHERE ErrorType != '' AND UserId != ''
GROUP BY UserId, ServiceName, Environment, Timestamp, RowId;
