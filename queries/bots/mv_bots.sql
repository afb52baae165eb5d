-- Records that panels of visitors leave out, by the robot that sent them.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    Browser,
    countState() AS Records,
    countIfState(IsPageView) AS Views
FROM otel_logs
WHERE IsBot
GROUP BY Bucket, ServiceName, Environment, Browser;
