-- Web vitals of page loads, bots left out. A load that reports a vital again, because the value has grown, has one row in a
-- quarter: the last value. `Last` is the second and then the bits of the value, so that the greatest number is the last report.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    PageRoute,
    VitalName,
    DeviceType,
    cityHash64(
        multiIf(
            LogAttributes['browser.web_vital.id'] != '', LogAttributes['browser.web_vital.id'],
            LogAttributes['id'] != '', LogAttributes['id'],
            JSONExtractString(Body, 'id') != '', JSONExtractString(Body, 'id'),
            toString(RowId)
        ), PageRoute, VitalName
    ) AS Load,
    maxSimpleState(
        bitOr(bitShiftLeft(toUInt64(toUnixTimestamp(Timestamp)), 32), reinterpretAsUInt32(toFloat32(assumeNotNull(VitalValue))))
    ) AS Last
FROM otel_logs
WHERE VitalName != '' AND NOT IsBot
    AND (VitalValue = 0 OR VitalValue BETWEEN 1e-9 AND 1e9)
GROUP BY Bucket, ServiceName, Environment, PageRoute, VitalName, DeviceType, Load;
