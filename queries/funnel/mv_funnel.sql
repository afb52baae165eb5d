-- Page views and own events of each session, in few columns and by session, whatever the steps of a funnel are. Bots are left out. A session
-- is a hash of its id: half the bytes, and grouped twice as fast.
SELECT
    cityHash64(SessionId) AS Session,
    Timestamp,
    RowId,
    ServiceName::String AS ServiceName,
    Environment::String AS Environment,
    IsPageView,
    if(IsPageView, PageRoute::String, EventName::String) AS Name
FROM otel_logs
WHERE (IsPageView OR (EventName NOT IN ('', 'exception') AND NOT startsWith(EventName, 'browser.')
        AND NOT startsWith(EventName, 'http.') AND NOT startsWith(EventName, 'lakefront.')))
    AND NOT IsBot AND SessionId != ''
ORDER BY Session, Timestamp, RowId;
