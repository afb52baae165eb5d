-- Errors, requests, visitors, sessions and page views of each service, of logs and of spans. Durations are scaled and bounded as in lake.sql.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    countIfState(ErrorType != '') AS Errors,
    countIfState(HttpRoute != '') AS Requests,
    countIfState(HttpRoute != '' AND ifNull(HttpStatusCode, 0) >= 500) AS Failed,
    quantilesDDIfState(0.01, 0.5, 0.95)(
        assumeNotNull(DurationMs) * 1e9,
        ifNull(HttpRoute != '' AND (DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13), false)
    ) AS Durations,
    uniqCombined64IfState(VisitorId, IsPageView AND NOT IsBot AND VisitorId != '') AS Visitors,
    uniqCombined64IfState(SessionId, IsPageView AND NOT IsBot AND SessionId != '') AS Sessions,
    countIfState(IsPageView AND NOT IsBot) AS Views,
    maxState(Timestamp) AS LastSeen
FROM otel_logs
WHERE ErrorType != '' OR HttpRoute != '' OR (IsPageView AND NOT IsBot)
GROUP BY Bucket, ServiceName, Environment;

SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    countIfState(ErrorType != '') AS Errors,
    countIfState(HttpRoute != '') AS Requests,
    countIfState(HttpRoute != '' AND (ifNull(HttpStatusCode, 0) >= 500 OR StatusCode = 'Error')) AS Failed,
    quantilesDDIfState(0.01, 0.5, 0.95)(
        assumeNotNull(DurationMs) * 1e9,
        ifNull(HttpRoute != '' AND (DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13), false)
    ) AS Durations,
    uniqCombined64IfState(VisitorId, IsPageView AND NOT IsBot AND VisitorId != '') AS Visitors,
    uniqCombined64IfState(SessionId, IsPageView AND NOT IsBot AND SessionId != '') AS Sessions,
    countIfState(IsPageView AND NOT IsBot) AS Views,
    maxState(Timestamp) AS LastSeen
FROM otel_traces
WHERE ErrorType != '' OR HttpRoute != '' OR (IsPageView AND NOT IsBot)
GROUP BY Bucket, ServiceName, Environment;
