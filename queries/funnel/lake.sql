SELECT
    toDate(first, {tz:String}) AS day,
    step,
    label,
    countIf(reached >= step) AS sessions,
    sessions / count() AS conversion
FROM
(
    SELECT
        min(Timestamp) AS first,
        windowFunnel(864000000000)(
            toUInt64(toUnixTimestamp64Micro(Timestamp)),
            IsPageView,
            EventName = 'shop.product_viewed',
            EventName = 'shop.cart_added',
            EventName = 'shop.checkout_started',
            EventName = 'shop.order_placed'
        ) AS reached
    FROM otel_logs
    -- A session is dated by its first row and kept whole, so that the UTC day before and the one after are read too. Bounds in
    -- whole seconds (DateTime) would make chDB skip files that end in the last second of a day.
    WHERE Timestamp >= toDateTime64(toStartOfDay({since:DateTime64(6)}, 'UTC'), 6, 'UTC')
        AND Timestamp <= toDateTime64(toStartOfDay({to:DateTime64(6)} + INTERVAL 172799999999 MICROSECOND, 'UTC'), 6, 'UTC') - INTERVAL 1 MICROSECOND
        AND (IsPageView OR EventName IN ('shop.product_viewed', 'shop.cart_added', 'shop.checkout_started', 'shop.order_placed'))
        AND NOT IsBot AND SessionId != ''
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY SessionId
    HAVING reached > 0 AND first >= {from:DateTime64(6)} AND first < {to:DateTime64(6)}
)
ARRAY JOIN
    [1, 2, 3, 4, 5] AS step,
    ['Visit', 'Product', 'Cart', 'Checkout', 'Order'] AS label
WHERE {name:String} = 'shop'
GROUP BY day, step, label
ORDER BY day, step
