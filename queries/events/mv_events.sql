-- The application's own events by name, and page views without a name. Bots are left out.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    if(IsPageView, '', EventName::String) AS Name,
    countState() AS Events,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Visitors,
    uniqCombined64IfState(SessionId, SessionId != '') AS Sessions,
    maxState(Timestamp) AS LastSeen
FROM otel_logs
WHERE NOT IsBot
    AND (IsPageView OR (EventName NOT IN ('', 'exception') AND NOT startsWith(EventName, 'browser.')
        AND NOT startsWith(EventName, 'http.') AND NOT startsWith(EventName, 'lakefront.')))
GROUP BY Bucket, ServiceName, Environment, Name;
