-- The router's decisions by what came of them: who answered and why, or who failed and how.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    JSONExtractString(Body, 'backend') AS Backend,
    JSONExtractString(Body, 'reason') AS Reason,
    JSONExtractString(Body, 'failed') AS Failed,
    JSONExtractString(Body, 'failure') AS Failure,
    countState() AS Queries,
    quantilesDDIfState(0.01, 0.5, 0.95, 0.99)(
        JSONExtractFloat(Body, 'elapsed_ms') * 1e9,
        JSONExtractFloat(Body, 'elapsed_ms') = 0 OR JSONExtractFloat(Body, 'elapsed_ms') BETWEEN 1e-9 AND 1e13
    ) AS Took,
    maxState(Timestamp) AS LastSeen
FROM otel_logs
WHERE EventName = 'lakefront.query'
GROUP BY Bucket, ServiceName, Environment, Backend, Reason, Failed, Failure;
