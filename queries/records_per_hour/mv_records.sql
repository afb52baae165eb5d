-- Log records and spans by service.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    'logs' AS Signal,
    countState() AS Records
FROM otel_logs
GROUP BY Bucket, ServiceName, Environment, Signal;

SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    'spans' AS Signal,
    countState() AS Records
FROM otel_traces
GROUP BY Bucket, ServiceName, Environment, Signal;
