SELECT
    substring(landing, 17) AS page,
    count() AS sessions,
    countIf(page_views = 1) AS bounces,
    bounces / sessions AS bounce_rate
FROM
(
    SELECT
        min(Landing) AS landing,
        sum(Views) AS page_views
    FROM mv_sessions
    -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too.
    WHERE Day >= toDate({since:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC') + 1
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY Session
    HAVING landing >= toString(toUnixTimestamp64Micro({from:DateTime64(6)}))
        AND landing < toString(toUnixTimestamp64Micro({to:DateTime64(6)}))
)
WHERE {page:String} = '' OR page = {page:String}
GROUP BY page
ORDER BY sessions DESC, page
LIMIT {limit:UInt64}
