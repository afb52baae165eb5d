-- Requests by route and band of their duration, the lower end of which is a power of 2 in milliseconds: spans, and logs
-- without a span.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    HttpRoute,
    roundToExp2(toUInt64(assumeNotNull(DurationMs))) AS Band,
    countState() AS Requests
FROM {otel_traces, otel_logs}
WHERE HttpRoute != '' AND ifNull(DurationMs BETWEEN 0 AND 1e13, false)
GROUP BY Bucket, ServiceName, Environment, HttpRoute, Band;
