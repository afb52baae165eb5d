-- Sessions by UTC day: when they begin, and on which page they end. Bots are left out. A session is a hash of its id, and the
-- last page follows the 16 digits of a time in microseconds, as in mv_sessions.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    cityHash64(SessionId) AS Session,
    minSimpleState(toUnixTimestamp64Micro(Timestamp)) AS Landing,
    maxSimpleState(toString(toUnixTimestamp64Micro(Timestamp)) || PageRoute) AS Leaving
FROM otel_logs
WHERE IsPageView AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, Session;
