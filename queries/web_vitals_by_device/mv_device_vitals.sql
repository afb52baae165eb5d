-- Web vitals by page and kind of device, bots left out. Values are scaled and bounded as in lake.sql.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    PageRoute,
    DeviceType,
    VitalName,
    countState() AS Samples,
    quantilesDDState(0.01, 0.75, 0.95)(assumeNotNull(VitalValue) * 1e9) AS Measured
FROM otel_logs
WHERE VitalName != '' AND NOT IsBot
    AND (VitalValue = 0 OR VitalValue BETWEEN 1e-9 AND 1e9)
GROUP BY Bucket, ServiceName, Environment, PageRoute, DeviceType, VitalName;
