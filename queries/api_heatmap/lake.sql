SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
    roundToExp2(toUInt64(assumeNotNull(DurationMs))) AS band_ms,
    count() AS requests
FROM
(
    SELECT Timestamp, ServiceName, Environment, HttpRoute, DurationMs FROM otel_traces
    UNION ALL
    SELECT Timestamp, ServiceName, Environment, HttpRoute, DurationMs FROM otel_logs
)
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND HttpRoute != ''
    -- What no clock measures is in no band.
    AND DurationMs BETWEEN 0 AND 1e13
    AND ({route:String} = '' OR HttpRoute = {route:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, band_ms
ORDER BY hour, band_ms
