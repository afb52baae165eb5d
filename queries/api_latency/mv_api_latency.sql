-- Requests by route: spans, and logs without a span. Durations are scaled and bounded as in lake.sql.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    HttpMethod,
    HttpRoute,
    countState() AS Requests,
    countIfState(ifNull(HttpStatusCode, 0) >= 500 OR StatusCode = 'Error') AS Errors,
    quantilesDDIfState(0.01, 0.5, 0.95, 0.99)(
        assumeNotNull(DurationMs) * 1e9,
        ifNull(DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13, false)
    ) AS Durations
FROM otel_traces
WHERE HttpRoute != ''
GROUP BY Bucket, ServiceName, Environment, HttpMethod, HttpRoute;

SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    HttpMethod,
    HttpRoute,
    countState() AS Requests,
    countIfState(ifNull(HttpStatusCode, 0) >= 500) AS Errors,
    quantilesDDIfState(0.01, 0.5, 0.95, 0.99)(
        assumeNotNull(DurationMs) * 1e9,
        ifNull(DurationMs = 0 OR DurationMs BETWEEN 1e-9 AND 1e13, false)
    ) AS Durations
FROM otel_logs
WHERE HttpRoute != ''
GROUP BY Bucket, ServiceName, Environment, HttpMethod, HttpRoute;
