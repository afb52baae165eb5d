-- Each error of a user, of logs and of spans, in few columns and by user: where the raw tables have it among millions of rows.
SELECT
    UserId,
    Timestamp,
    RowId,
    ServiceName::String AS ServiceName,
    Environment::String AS Environment,
    ErrorType::String AS ErrorType,
    ErrorMessage,
    PageRoute::String AS PageRoute,
    TraceId
FROM {otel_logs, otel_traces}
WHERE ErrorType != '' AND UserId != ''
ORDER BY UserId, Timestamp, RowId;
