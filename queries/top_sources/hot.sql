SELECT
    if(landing.2 = '', '(direct)', landing.2) AS source,
    landing.3 AS campaign,
    count() AS sessions,
    uniqCombined64If(landing.4, landing.4 != 0) AS visitors,
    countIf(page_views = 1) / sessions AS bounce_rate
FROM
(
    SELECT
        min(Landing) AS landing,
        sum(Views) AS page_views
    FROM mv_visits
    -- A session is dated by its first row, so that all of each UTC day is read.
    WHERE Day >= toDate({from:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC')
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY Session, Day
    HAVING landing.1 >= {from:DateTime64(6)} AND landing.1 < {to:DateTime64(6)}
)
GROUP BY source, campaign
ORDER BY sessions DESC, source, campaign
LIMIT {limit:UInt64}
