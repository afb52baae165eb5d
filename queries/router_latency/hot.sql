SELECT
    hour,
    backend,
    queries,
    quantiles[1] / 1e9 AS p50_ms,
    quantiles[2] / 1e9 AS p95_ms,
    quantiles[3] / 1e9 AS p99_ms
FROM
(
    SELECT
        toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
        -- The backends with the most answers of the range have rows of their own; the others share one.
        if(Backend IN
        (
            SELECT Backend
            FROM mv_router
            WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
                AND Backend != ''
            GROUP BY Backend
            ORDER BY countMerge(Queries) DESC, Backend
            LIMIT 20
        ), Backend::String, 'other') AS backend,
        countMerge(Queries) AS queries,
        quantilesDDIfMerge(0.01, 0.5, 0.95, 0.99)(Took) AS quantiles
    FROM mv_router
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
        AND Backend != ''
    GROUP BY hour, backend
)
ORDER BY hour, backend
