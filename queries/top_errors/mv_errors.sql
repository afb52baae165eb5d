-- Errors by group and type, of logs and of spans.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState(Timestamp) AS FirstSeen,
    maxState((Timestamp, ErrorMessage, ErrorType::String)) AS Latest
FROM otel_logs
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;

SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState(Timestamp) AS FirstSeen,
    maxState((Timestamp, ErrorMessage, ErrorType::String)) AS Latest
FROM otel_traces
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;
