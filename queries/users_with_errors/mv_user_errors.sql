-- Errors by user and group, of logs and of spans. Nobody is not a user.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    UserId,
    countState() AS Errors,
    minState(Timestamp) AS FirstSeen,
    maxState(Timestamp) AS LastSeen
FROM {otel_logs, otel_traces}
WHERE ErrorType != '' AND UserId != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, UserId;
