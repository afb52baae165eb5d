-- How far sessions get, by UTC day. Bots are left out.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    SessionId,
    minState(Timestamp) AS First,
    windowFunnelState(86400000000)(
        toUInt64(toUnixTimestamp64Micro(Timestamp)),
        IsPageView,
        EventName = 'shop.product_viewed',
        EventName = 'shop.cart_added',
        EventName = 'shop.checkout_started',
        EventName = 'shop.order_placed'
    ) AS Reached
FROM otel_logs
WHERE (IsPageView OR EventName IN ('shop.product_viewed', 'shop.cart_added', 'shop.checkout_started', 'shop.order_placed'))
    AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, SessionId;
