SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
    signal,
    count() AS records
FROM
(
    SELECT Timestamp, 'logs' AS signal, ServiceName, Environment FROM otel_logs
    UNION ALL
    SELECT Timestamp, 'spans' AS signal, ServiceName, Environment FROM otel_traces
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, signal
ORDER BY hour, signal
