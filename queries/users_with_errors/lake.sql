SELECT
    UserId AS user_id,
    count() AS errors,
    uniqCombined64(ErrorGroup) AS error_groups,
    max(Timestamp) AS last_seen
FROM
(
    SELECT Timestamp, ErrorType, ErrorGroup, UserId, ServiceName, Environment FROM otel_logs
    UNION ALL
    SELECT Timestamp, ErrorType, ErrorGroup, UserId, ServiceName, Environment FROM otel_traces
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND ErrorType != '' AND UserId != ''
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY user_id
ORDER BY errors DESC, user_id
LIMIT {limit:UInt64}
