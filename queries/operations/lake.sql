SELECT
    service,
    kind,
    operation,
    spans,
    spans * 60e6 / dateDiff('microsecond', {from:DateTime64(6)}, {until:DateTime64(6)}) AS per_minute,
    errors / spans AS error_share,
    quantiles[1] / 1e6 AS p50_ms,
    quantiles[2] / 1e6 AS p95_ms,
    quantiles[3] / 1e6 AS p99_ms
FROM
(
    SELECT
        ServiceName AS service,
        SpanKind AS kind,
        SpanName AS operation,
        count() AS spans,
        countIf(StatusCode = 'Error' OR HttpStatusCode >= 500) AS errors,
        -- Durations are whole nanoseconds. Those that no clock measures would make the sketch large.
        quantilesDDIf(0.01, 0.5, 0.95, 0.99)(toFloat64(Duration), Duration BETWEEN 0 AND 1e16) AS quantiles
    FROM otel_traces
    WHERE Timestamp >= {from:DateTime64(6)} AND Timestamp <= {to:DateTime64(6)} - INTERVAL 1 MICROSECOND
        AND ({operation:String} = '' OR SpanName = {operation:String})
        AND ({service:String} = '' OR ServiceName = {service:String})
        AND ({environment:String} = '' OR Environment = {environment:String})
    GROUP BY service, kind, operation
)
ORDER BY spans DESC, service, kind, operation
LIMIT {limit:UInt64}
