SELECT
    toTimeZone(toStartOfHour(Timestamp, {tz:String}), 'UTC') AS hour,
    backend,
    reason,
    count() AS queries
FROM
(
    SELECT
        Timestamp,
        JSONExtractString(Body, 'backend') AS backend,
        JSONExtractString(Body, 'reason') AS reason
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND EventName = 'lakefront.query'
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
        AND backend != ''
)
GROUP BY hour, backend, reason
ORDER BY hour, backend, reason
