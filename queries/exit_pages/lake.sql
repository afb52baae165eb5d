SELECT
    page,
    exits,
    exits / all_exits AS exit_share
FROM
(
    SELECT
        leaving.2 AS page,
        count() AS exits,
        sum(exits) OVER () AS all_exits
    FROM
    (
        SELECT
            min(Timestamp) AS landing,
            max((Timestamp, PageRoute::String)) AS leaving
        FROM otel_logs
        -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too. Bounds in
        -- whole seconds (DateTime) would make chDB skip files that end in the last second of a day.
        WHERE Timestamp >= toDateTime64(toStartOfDay({since:DateTime64(6)}, 'UTC'), 6, 'UTC')
            AND Timestamp <= toDateTime64(toStartOfDay({to:DateTime64(6)} + INTERVAL 172799999999 MICROSECOND, 'UTC'), 6, 'UTC') - INTERVAL 1 MICROSECOND
            AND IsPageView AND NOT IsBot AND SessionId != ''
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY SessionId
        HAVING landing >= {from:DateTime64(6)} AND landing < {to:DateTime64(6)}
    )
    GROUP BY page
)
WHERE {page:String} = '' OR page = {page:String}
ORDER BY exits DESC, page
LIMIT {limit:UInt64}
