-- The first record of each version of a service, of logs and of spans.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ServiceVersion,
    minState(Timestamp) AS First
FROM {otel_logs, otel_traces}
WHERE ServiceVersion != ''
GROUP BY Bucket, ServiceName, Environment, ServiceVersion;
