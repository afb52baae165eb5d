SELECT
    kind AS device,
    name AS vital,
    count() AS samples,
    -- Scaled, because the sketch misses values below 1 by up to 3 %, those above by 1 %.
    quantilesDD(0.01, 0.75, 0.95)(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9)[1] / 1e9 AS p75,
    quantilesDD(0.01, 0.75, 0.95)(reinterpretAsFloat32(toUInt32(bitAnd(last, 0xffffffff))) * 1e9)[2] / 1e9 AS p95
FROM
(
    -- A load of a page counts with its last report: the greatest of the second and then the bits of the value.
    SELECT
        any(DeviceType) AS kind,
        any(VitalName) AS name,
        max(bitOr(
            bitShiftLeft(toUInt64(toUnixTimestamp(Timestamp)), 32),
            reinterpretAsUInt32(toFloat32(assumeNotNull(VitalValue)))
        )) AS last
    FROM otel_logs
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND VitalName IN ('cls', 'fcp', 'inp', 'lcp', 'ttfb') AND NOT IsBot
        -- Values that no browser measures would make the sketch large or fail.
        AND (VitalValue = 0 OR VitalValue BETWEEN 1e-9 AND 1e9)
        AND ({page:String} = '' OR PageRoute = {page:String})
        AND ({device:String} = '' OR DeviceType = {device:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY cityHash64(
        multiIf(
            LogAttributes['browser.web_vital.id'] != '', LogAttributes['browser.web_vital.id'],
            LogAttributes['id'] != '', LogAttributes['id'],
            JSONExtractString(Body, 'id') != '', JSONExtractString(Body, 'id'),
            toString(RowId)
        ), PageRoute, VitalName
    )
)
GROUP BY device, vital
ORDER BY device, vital
