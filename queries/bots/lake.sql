SELECT
    Browser AS bot,
    countIf(IsPageView) AS page_views,
    count() AS records
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND IsBot
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY bot
ORDER BY page_views DESC, records DESC, bot
LIMIT {limit:UInt64}
