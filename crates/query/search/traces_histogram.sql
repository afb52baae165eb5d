SELECT
    toDateTime(intDiv(toUnixTimestamp(Timestamp), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS time,
    if(StatusCode = 'Error', 'error', 'ok') AS series,
    count() AS rows
FROM otel_traces
WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
    AND {condition:Bool}
GROUP BY time, series
ORDER BY time, series
