SELECT
    toDateTime(intDiv(toUnixTimestamp(Timestamp), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS time,
    -- The lower end of the band, in microseconds.
    arrayLast(
        lower -> lower * 1000 <= Duration,
        [
            0, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000,
            20000000, 50000000, 100000000
        ]
    ) AS band_us,
    count() AS rows,
    countIf(StatusCode = 'Error') AS failed
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND {condition:Bool}
GROUP BY time, band_us
ORDER BY time, band_us
