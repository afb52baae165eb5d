-- How far sessions get, by UTC day. Bots are left out. A session is a hash of its id: half the bytes, and grouped
-- twice as fast. States of windowFunnel take longer to merge than the raw rows to read, and its window of ten days never
-- closes within a session: the first page view and the steps after it say the same. A step is its time in microseconds, then its number.
SELECT
    toDate(Timestamp, 'UTC') AS Day,
    ServiceName,
    Environment,
    cityHash64(SessionId) AS Session,
    minSimpleState(Timestamp) AS First,
    minSimpleState(if(IsPageView, toUInt64(toUnixTimestamp64Micro(Timestamp)) * 8 + 1, 18446744073709551615)) AS Visit,
    groupUniqArrayArraySimpleState(arrayFilter(
        step -> step % 8 > 1,
        [toUInt64(toUnixTimestamp64Micro(Timestamp)) * 8 + 1 + indexOf(
            ['shop.product_viewed', 'shop.cart_added', 'shop.checkout_started', 'shop.order_placed'],
            EventName::String
        )]
    )) AS Steps
FROM otel_logs
WHERE (IsPageView OR EventName IN ('shop.product_viewed', 'shop.cart_added', 'shop.checkout_started', 'shop.order_placed'))
    AND NOT IsBot AND SessionId != ''
GROUP BY Day, ServiceName, Environment, Session;
