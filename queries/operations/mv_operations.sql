-- Spans by operation. Durations are bounded as in lake.sql.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    SpanKind,
    SpanName,
    countState() AS Spans,
    countIfState(StatusCode = 'Error' OR ifNull(HttpStatusCode, 0) >= 500) AS Errors,
    quantilesDDIfState(0.01, 0.5, 0.95, 0.99)(toFloat64(Duration), Duration BETWEEN 0 AND 1e16) AS Durations
FROM otel_traces
GROUP BY Bucket, ServiceName, Environment, SpanKind, SpanName
