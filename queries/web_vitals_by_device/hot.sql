SELECT
    DeviceType::String AS device,
    VitalName::String AS vital,
    countMerge(Samples) AS samples,
    quantilesDDMerge(0.01, 0.75, 0.95)(Measured)[1] / 1e9 AS p75,
    quantilesDDMerge(0.01, 0.75, 0.95)(Measured)[2] / 1e9 AS p95
FROM mv_device_vitals
WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
    AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
    AND ({page:String} = '' OR PageRoute = {page:String})
    AND ({service:String} = '' OR ServiceName = {service:String})
    AND ({environment:String} = '' OR Environment = {environment:String})
GROUP BY device, vital
ORDER BY device, vital
