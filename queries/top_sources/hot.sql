SELECT
    if(parts[1] = '', '(direct)', parts[1]) AS source,
    parts[2] AS campaign,
    count() AS sessions,
    uniqCombined64If(toUInt64OrZero(parts[3]), parts[3] != '') AS visitors,
    countIf(page_views = 1) / sessions AS bounce_rate
FROM
(
    SELECT
        min(Landing) AS landing,
        splitByChar('\0', substring(landing, 17)) AS parts,
        sum(Views) AS page_views
    FROM mv_visits
    -- A session is dated by its first row, so that all of each UTC day is read.
    WHERE Day >= toDate({from:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC')
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY Session
    HAVING landing >= toString(toUnixTimestamp64Micro({from:DateTime64(6)}))
        AND landing < toString(toUnixTimestamp64Micro({to:DateTime64(6)}))
)
GROUP BY source, campaign
ORDER BY sessions DESC, source, campaign
LIMIT {limit:UInt64}
