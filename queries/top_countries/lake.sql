SELECT
    Country AS country,
    uniqCombined64If(VisitorId, VisitorId != '') AS visitors,
    uniqCombined64If(SessionId, SessionId != '') AS sessions,
    count() AS page_views
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND IsPageView AND NOT IsBot
    AND ({country:String} = '' OR Country = {country:String})
    AND ({device:String} = '' OR DeviceType = {device:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY country
ORDER BY visitors DESC, country
LIMIT {limit:UInt64}
