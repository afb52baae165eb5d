SELECT
    landing.2 AS source,
    landing.4 AS medium,
    landing.5 AS campaign,
    count() AS sessions,
    uniqCombined64If(landing.6, landing.6 != 0) AS visitors,
    sum(page_views) / sessions AS pages_each,
    countIf(page_views = 1) / sessions AS bounce_rate
FROM
(
    SELECT
        min((
            Timestamp,
            UtmSource,
            ReferrerHost,
            UtmMedium,
            UtmCampaign,
            if(VisitorId = '', 0, cityHash64(VisitorId))
        )) AS landing,
        count() AS page_views
    FROM otel_logs
    -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too. Bounds in
    -- whole seconds (DateTime) would make chDB skip files that end in the last second of a day.
    WHERE Timestamp >= toDateTime64(toStartOfDay({since:DateTime64(6)}, 'UTC'), 6, 'UTC')
        AND Timestamp <= toDateTime64(toStartOfDay({to:DateTime64(6)} + INTERVAL 172799999999 MICROSECOND, 'UTC'), 6, 'UTC') - INTERVAL 1 MICROSECOND
        AND IsPageView AND NOT IsBot AND SessionId != ''
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY SessionId
    HAVING landing.1 >= {from:DateTime64(6)} AND landing.1 < {to:DateTime64(6)}
)
WHERE source != '' OR medium != '' OR campaign != ''
GROUP BY source, medium, campaign
ORDER BY sessions DESC, source, medium, campaign
LIMIT {limit:UInt64}
