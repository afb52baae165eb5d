SELECT
    DeviceType AS device,
    VitalName AS vital,
    count() AS samples,
    -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %.
    quantilesDD(0.01, 0.75, 0.95)(VitalValue * 1e9)[1] / 1e9 AS p75,
    quantilesDD(0.01, 0.75, 0.95)(VitalValue * 1e9)[2] / 1e9 AS p95
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb') AND NOT IsBot
    -- Values that no browser measures would make the sketch large or fail.
    AND (VitalValue = 0 OR VitalValue BETWEEN 1e-9 AND 1e9)
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY device, vital
ORDER BY device, vital
