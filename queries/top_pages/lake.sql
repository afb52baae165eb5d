SELECT
    PageRoute AS page,
    count() AS views,
    uniqCombined64If(VisitorId, VisitorId != '') AS visitors
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND IsPageView AND NOT IsBot
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY page
ORDER BY views DESC, page
LIMIT {limit:UInt64}
