SELECT
    toDate(first, {tz:String}) AS day,
    step,
    label,
    countIf(reached >= step) AS sessions,
    sessions / count() AS conversion
FROM
(
    SELECT
        minMerge(First) AS first,
        windowFunnelMerge(86400000000)(Reached) AS reached
    FROM mv_funnel
    -- A session is dated by its first row, so that all of each UTC day is read.
    WHERE Day >= toDate({from:DateTime64(6)}, 'UTC') AND Day <= toDate({to:DateTime64(6)} - INTERVAL 1 MICROSECOND, 'UTC')
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY SessionId, Day
    HAVING reached > 0 AND first >= {from:DateTime64(6)} AND first < {to:DateTime64(6)}
)
ARRAY JOIN
    [1, 2, 3, 4, 5] AS step,
    ['Visit', 'Product', 'Cart', 'Checkout', 'Order'] AS label
WHERE {name:String} = 'shop'
GROUP BY day, step, label
ORDER BY day, step
