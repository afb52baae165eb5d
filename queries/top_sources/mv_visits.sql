-- Sessions by UTC day: where they come from, and how many pages they view. Bots are left out. Sessions and visitors are
-- hashes of their ids: half the bytes, and grouped twice as fast.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    cityHash64(SessionId) AS Session,
    minSimpleState((
        Timestamp,
        if(ReferrerHost != '', ReferrerHost, UtmSource)::String,
        UtmCampaign::String,
        if(VisitorId = '', 0, cityHash64(VisitorId))
    )) AS Landing,
    sumSimpleState(toUInt64(1)) AS Views
FROM otel_logs
WHERE IsPageView AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, Session;
