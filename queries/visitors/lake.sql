SELECT
    VisitorId AS visitor_id,
    max(Timestamp) AS last_seen,
    uniqExactIf(SessionId, SessionId != '') AS sessions,
    countIf(IsPageView) AS page_views,
    countIf(ErrorType != '') AS errors,
    argMinIf(Country::String, (Timestamp, RowId), IsPageView) AS country,
    argMinIf(DeviceType::String, (Timestamp, RowId), IsPageView) AS device,
    argMinIf(Browser::String, (Timestamp, RowId), IsPageView) AS browser
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND VisitorId != '' AND NOT IsBot
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY visitor_id
HAVING page_views > 0
ORDER BY last_seen DESC, visitor_id
LIMIT {limit:UInt64}
