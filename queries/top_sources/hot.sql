SELECT
    multiIf(came[1] != '', came[1], came[2] != '', came[2], '(direct)') AS source,
    came[4] AS campaign,
    sum(landed) AS sessions,
    uniqCombined64IfMerge(seen) AS visitors,
    sum(bounced) / sessions AS bounce_rate
FROM
(
    -- Texts are cut apart where they are few: after sessions that came from the same place are together.
    SELECT
        splitByChar('\0', place) AS came,
        count() AS landed,
        uniqCombined64IfState(visitor, visitor != 0) AS seen,
        countIf(page_views = 1) AS bounced
    FROM
    (
        SELECT
            min(Landing) AS landing,
            substring(landing, 17, length(landing) - 37) AS place,
            toUInt64(substring(landing, -20)) AS visitor,
            sum(Views) AS page_views
        FROM mv_visits
        -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too.
        WHERE Day >= toDate({since:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC') + 1
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY Session
        HAVING landing >= toString(toUnixTimestamp64Micro({from:DateTime64(6)}))
            AND landing < toString(toUnixTimestamp64Micro({to:DateTime64(6)}))
    )
    GROUP BY place
)
WHERE {source:String} = '' OR source = {source:String}
GROUP BY source, campaign
ORDER BY sessions DESC, source, campaign
LIMIT {limit:UInt64}
