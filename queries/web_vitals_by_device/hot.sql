SELECT
    kind::String AS device,
    name::String AS vital,
    count() AS samples,
    quantilesDD(0.01, 0.75, 0.95)(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9)[1] / 1e9 AS p75,
    quantilesDD(0.01, 0.75, 0.95)(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9)[2] / 1e9 AS p95
FROM
(
    SELECT any(DeviceType) AS kind, any(VitalName) AS name, max(Last) AS last
    FROM mv_web_vitals
    WHERE Bucket >= {from:DateTime64(6)} AND Bucket < {to:DateTime64(6)}
        AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb')
        AND ({page:String} = '' OR PageRoute = {page:String})
        AND ({device:String} = '' OR DeviceType = {device:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY Load
)
GROUP BY device, vital
ORDER BY device, vital
