SELECT
    day,
    step,
    label,
    sumIf(counted, reached >= step) AS sessions,
    sessions / sum(counted) AS conversion
FROM
(
    SELECT
        day,
        -- The same as windowFunnel: the next step is the first that comes after the one before.
        arrayFold((level, code) -> if(code = level + 1, code, level), codes, toUInt8(1)) AS reached,
        sum(alike) AS counted
    FROM
    (
        -- Sessions that took the same steps are one, before steps are followed. Those before the first page view count for nothing.
        SELECT
            toDate(first, {tz:String}) AS day,
            arrayMap(event -> if(event > visit, toUInt8(event % 8), 0), arraySort(steps)) AS codes,
            count() AS alike
        FROM
        (
            SELECT
                min(First) AS first,
                min(Visit) AS visit,
                -- A step that stands there twice does no harm, and sets take twice as long.
                groupArrayArray(Steps) AS steps
            FROM mv_funnel
            -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too.
            WHERE Day >= toDate({since:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC') + 1
                AND ({service:String} = '' OR ServiceName = {service:String})
                AND ({environment:String} = '' OR Environment = {environment:String})
            GROUP BY Session
            -- Whoever viewed no page did not begin.
            HAVING visit < 18446744073709551615 AND first >= {from:DateTime64(6)} AND first < {to:DateTime64(6)}
        )
        GROUP BY day, codes
    )
    GROUP BY day, reached
)
ARRAY JOIN
    [1, 2, 3, 4, 5] AS step,
    ['Visit', 'Product', 'Cart', 'Checkout', 'Order'] AS label
WHERE {name:String} = 'shop'
GROUP BY day, step, label
ORDER BY day, step
