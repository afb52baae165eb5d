-- Sessions by UTC day: where they land, and how many pages they view. Bots are left out. A session is a hash of its id: half
-- the bytes, and grouped twice as fast.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    cityHash64(SessionId) AS Session,
    minSimpleState((Timestamp, PageRoute::String)) AS Landing,
    sumSimpleState(toUInt64(1)) AS Views
FROM otel_logs
WHERE IsPageView AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, Session;
