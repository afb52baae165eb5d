SELECT
    toDateTime(intDiv(toUnixTimestamp(Timestamp), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS time,
    multiIf(
        SeverityNumber >= 21, 'fatal', SeverityNumber >= 17, 'error', SeverityNumber >= 13, 'warn',
        SeverityNumber >= 9, 'info', SeverityNumber >= 5, 'debug', SeverityNumber >= 1, 'trace', 'none'
    ) AS series,
    count() AS rows
FROM otel_logs
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND {condition:Bool}
GROUP BY time, series
ORDER BY time, series
