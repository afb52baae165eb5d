SELECT
    toTimeZone(if({step:String} = 'day', toStartOfDay(Bucket, {tz:String}), toStartOfHour(Bucket, {tz:String})), 'UTC') AS hour,
    Band AS band_ms,
    countMerge(Requests) AS requests
FROM mv_api_heatmap
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND ({route:String} = '' OR HttpRoute = {route:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY hour, band_ms
ORDER BY hour, band_ms
