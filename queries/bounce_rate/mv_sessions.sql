-- Sessions by UTC day: where they land, and how many pages they view. Bots are left out.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    SessionId,
    minState((Timestamp, PageRoute::String)) AS Landing,
    countState() AS Views
FROM otel_logs
WHERE IsPageView AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, SessionId;
