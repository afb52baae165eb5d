SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
    Signal::String AS signal,
    countMerge(Records) AS records
FROM mv_records
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, signal
ORDER BY hour, signal
