SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Timestamp, {tz:String}), toStartOfHour(Timestamp, {tz:String})), 'UTC') AS hour,
    if(ServiceName IN
    (
        SELECT ServiceName
        FROM otel_logs
        WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
            AND NOT IsBot AND EventName = {event_name:String}
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY ServiceName
        ORDER BY count() DESC, ServiceName
        LIMIT 10
    ), ServiceName, 'other') AS service,
    count() AS events
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND NOT IsBot AND EventName = {event_name:String}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, service
ORDER BY hour, service
