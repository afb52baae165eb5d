SELECT
    toTimeZone(toStartOfHour(Timestamp, {tz:String}), 'UTC') AS hour,
    ErrorType AS error_type,
    count() AS errors
FROM
(
    SELECT Timestamp, ErrorType, ErrorGroup, ServiceName, Environment FROM otel_logs
    UNION ALL
    SELECT Timestamp, ErrorType, ErrorGroup, ServiceName, Environment FROM otel_traces
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND ErrorType != ''
    AND ({error_group:String} = '' OR ErrorGroup = {error_group:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, error_type
ORDER BY hour, error_type
