SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
    if(ServiceName IN
    (
        SELECT ServiceName
        FROM mv_events
        WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
            AND Name = {event_name:String}
            AND ({service:String} = '' OR ServiceName = {service:String})
            AND ({environment:String} = '' OR Environment = {environment:String})
        GROUP BY ServiceName
        ORDER BY countMerge(Events) DESC, ServiceName
        LIMIT 10
    ), ServiceName::String, 'other') AS service,
    countMerge(Events) AS events
FROM mv_events
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND Name = {event_name:String}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, service
ORDER BY hour, service
