-- Errors by group and type, of logs and of spans. The first has the version beside its time, the latest after what
-- decides between several at once.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState((Timestamp, ServiceVersion::String)) AS First,
    maxState((Timestamp, ErrorMessage, ErrorType::String, ServiceVersion::String)) AS Latest
FROM {otel_logs, otel_traces}
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;
