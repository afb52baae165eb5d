SELECT
    page,
    exits,
    exits / all_exits AS exit_share
FROM
(
    SELECT
        substring(leaving, 17) AS page,
        count() AS exits,
        sum(exits) OVER () AS all_exits
    FROM
    (
        SELECT
            min(Landing) AS landing,
            max(Leaving) AS leaving
        FROM mv_exits
        -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too.
        WHERE Day >= toDate({since:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC') + 1
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY Session
        HAVING landing >= toUnixTimestamp64Micro({from:DateTime64(6)})
            AND landing < toUnixTimestamp64Micro({to:DateTime64(6)})
    )
    GROUP BY page
)
WHERE {page:String} = '' OR page = {page:String}
ORDER BY exits DESC, page
LIMIT {limit:UInt64}
