-- Page views by who makes them: their country and device. Bots are left out.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    Country,
    DeviceType,
    countState() AS Views,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Visitors,
    uniqCombined64IfState(SessionId, SessionId != '') AS Sessions
FROM otel_logs
WHERE IsPageView AND NOT IsBot
GROUP BY Bucket, ServiceName, Environment, Country, DeviceType;
