SELECT
    VisitorId AS visitor_id,
    count() AS errors,
    max(Timestamp) AS last_seen
FROM
(
    SELECT Timestamp, ErrorType, ErrorGroup, VisitorId, ServiceName, Environment FROM otel_logs
    UNION ALL
    SELECT Timestamp, ErrorType, ErrorGroup, VisitorId, ServiceName, Environment FROM otel_traces
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND ErrorType != '' AND VisitorId != ''
    AND ErrorGroup = {error_group:String}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY visitor_id
ORDER BY last_seen DESC, visitor_id
LIMIT {limit:UInt64}
