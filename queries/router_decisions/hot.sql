SELECT
    toTimeZone(toStartOfHour(Bucket, {tz:String}), 'UTC') AS hour,
    Backend::String AS backend,
    Reason::String AS reason,
    countMerge(Queries) AS queries
FROM mv_router
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
    AND Backend != ''
GROUP BY hour, backend, reason
ORDER BY hour, backend, reason
